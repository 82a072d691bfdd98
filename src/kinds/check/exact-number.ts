/** Decimal numbers as people write them, kept exactly. Pure. */

/** The number `units / 10 ** scale`. */
export type ExactNumber = { readonly units: bigint; readonly scale: number };

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
/** No type of a column reaches further. */
const MAX_PLACES = 5000;

/** The number a text stands for, digit by digit; undefined for what is none. */
export function exactNumber(text: string): ExactNumber | undefined {
  const found = text.length > MAX_PLACES ? null : NUMBER.exec(text.trim());
  if (found === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = found;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale >= 0
    ? { units: digits, scale }
    : { units: digits * 10n ** BigInt(-scale), scale: 0 };
}

/** The largest multiple of `10 ** -scale` that is not above the number, in such units; `exact` if it is the number itself. */
export function floorAt(
  { units, scale: own }: ExactNumber,
  scale: number,
): { readonly units: bigint; readonly exact: boolean } {
  if (own <= scale) return { units: units * 10n ** BigInt(scale - own), exact: true };
  const step = 10n ** BigInt(own - scale);
  const rest = ((units % step) + step) % step;
  return { units: (units - rest) / step, exact: rest === 0n };
}

/** Negative, 0 or positive as `a` is below, at or above `b`. */
export function compareExact(a: ExactNumber, b: ExactNumber): number {
  const scale = Math.max(a.scale, b.scale);
  const difference = floorAt(a, scale).units - floorAt(b, scale).units;
  return difference < 0n ? -1 : Number(difference > 0n);
}

/** `units / 10 ** scale` as SQL reads it. */
export function decimalText(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return units < 0n ? `-${text}` : text;
}

/** The largest double that is not above the number, its shortest text being what a double stands for. */
export function doubleFloor(number: ExactNumber): {
  readonly value: number;
  readonly exact: boolean;
} {
  const value = Number(`${number.units}e-${number.scale}`);
  if (!Number.isFinite(value)) {
    return { value: value > 0 ? Number.MAX_VALUE : Number.NEGATIVE_INFINITY, exact: false };
  }
  const order = compareExact(exactNumber(String(value))!, number);
  return { value: order > 0 ? nextBelow(value) : value, exact: order === 0 };
}

function nextBelow(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? -1n : 1n));
  return view.getFloat64(0);
}
