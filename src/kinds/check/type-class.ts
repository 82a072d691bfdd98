/** What the values of a column's type are, for those who compare them. Pure. */

/** `exact`: whole numbers and decimals of `scale` places, between `-least` and `most` units where that is bounded. */
export type TypeClass =
  | {
      readonly kind: 'exact';
      readonly scale: number;
      readonly least?: bigint;
      readonly most?: bigint;
    }
  | { readonly kind: 'binary'; readonly isSingle: boolean }
  | { readonly kind: 'date' }
  | { readonly kind: 'moment'; readonly digits: 0 | 3 | 6 | 9; readonly hasZone: boolean }
  | { readonly kind: 'text' | 'choice' | 'boolean' | 'time' | 'uuid' | 'other' };

const DECIMAL = /^DECIMAL\((\d+),\s*(\d+)\)$/;

const SIGNED: Readonly<Record<string, bigint>> = Object.freeze({
  TINYINT: 8n,
  SMALLINT: 16n,
  INTEGER: 32n,
  BIGINT: 64n,
  HUGEINT: 128n,
});

const OTHERS: Readonly<Record<string, TypeClass>> = Object.freeze({
  BIGNUM: { kind: 'exact', scale: 0 },
  DOUBLE: { kind: 'binary', isSingle: false },
  FLOAT: { kind: 'binary', isSingle: true },
  VARCHAR: { kind: 'text' },
  BOOLEAN: { kind: 'boolean' },
  DATE: { kind: 'date' },
  TIME: { kind: 'time' },
  UUID: { kind: 'uuid' },
  TIMESTAMP_S: { kind: 'moment', digits: 0, hasZone: false },
  TIMESTAMP_MS: { kind: 'moment', digits: 3, hasZone: false },
  TIMESTAMP: { kind: 'moment', digits: 6, hasZone: false },
  TIMESTAMP_NS: { kind: 'moment', digits: 9, hasZone: false },
  'TIMESTAMP WITH TIME ZONE': { kind: 'moment', digits: 6, hasZone: true },
});

/** The class of a type as the engine names it. */
export function classOf(type: string): TypeClass {
  const decimal = DECIMAL.exec(type);
  if (decimal !== null) {
    const most = 10n ** BigInt(decimal[1]!) - 1n;
    return { kind: 'exact', scale: Number(decimal[2]), least: -most, most };
  }
  const signed = SIGNED[type];
  if (signed !== undefined) {
    const half = 1n << (signed - 1n);
    return { kind: 'exact', scale: 0, least: -half, most: half - 1n };
  }
  const unsigned = type.startsWith('U') ? SIGNED[type.slice(1)] : undefined;
  if (unsigned !== undefined) {
    return { kind: 'exact', scale: 0, least: 0n, most: (1n << unsigned) - 1n };
  }
  if (type.startsWith('ENUM(')) return { kind: 'choice' };
  return OTHERS[type] ?? { kind: 'other' };
}

/** What values of a type are, in a word for messages. */
export function wordFor(type: string): string {
  const of = classOf(type);
  switch (of.kind) {
    case 'exact':
    case 'binary':
      return `a number (${type})`;
    case 'text':
    case 'choice':
      return `text (${of.kind === 'text' ? type : 'ENUM'})`;
    case 'date':
      return 'a date (DATE)';
    case 'moment':
      return of.hasZone
        ? 'a point in time with a zone (TIMESTAMPTZ)'
        : `a point in time without a zone (${type})`;
    case 'boolean':
    case 'time':
    case 'uuid':
    case 'other':
      return `of type ${type}`;
  }
}
