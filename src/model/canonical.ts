/** One text for one JSON value: the form that is hashed. Pure. */

/**
 * JSON without spaces, keys of every object sorted by code unit, properties that are undefined left
 * out. Equal values give equal texts whatever the order of their keys.
 * @throws TypeError for what JSON cannot say: NaN, infinities, undefined in a list, functions, class instances.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$');
}

/** The same of what a wire makes of a value, so that both ends hash one text: no undefined, no NaN. */
export function wiredJson(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch {
    // It holds what JSON writes as something else, or leaves out.
    return canonicalJson(JSON.parse(JSON.stringify(value)));
  }
}

function write(value: unknown, where: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') {
    return JSON.stringify(value);
  }
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item, i) => write(item, `${where}[${i}]`)).join(',')}]`;
  }
  if (isPlainObject(value)) {
    const members = Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .toSorted(byCodeUnit)
      .map((key) => `${JSON.stringify(key)}:${write(value[key], `${where}.${key}`)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`not a JSON value at ${where}: ${typeof value}`);
}

/** Realms differ (tests, sandboxes), so the prototype is judged by its shape, not its identity. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
