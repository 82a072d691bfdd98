/** Numbers as they are written: only those that a JSON number keeps exactly are taken. Pure. */

const DECIMAL = /^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?$/;

/** The number of a decimal text; undefined where it is none, or where a double would change a digit of it. */
export function exactNumber(text: string): number | undefined {
  const written = decimalOf(text);
  if (written === undefined) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || decimalOf(String(value)) !== written) return undefined;
  if (Number.isInteger(value) && !/[eE]/.test(text) && !Number.isSafeInteger(value))
    return undefined;
  return value;
}

/** One form for all texts of the same value: its digits and the place of the point. */
function decimalOf(text: string): string | undefined {
  const [, sign, digits, exponent = '0'] = DECIMAL.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const [whole = '', fraction = ''] = digits.split('.');
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = all.replace(/0+$/, '');
  if (significant === '') return '0';
  const point = Number(exponent) - fraction.length + (all.length - significant.length);
  return `${sign === '-' ? '-' : ''}${significant}e${point}`;
}
