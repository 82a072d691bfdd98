/** SQL types as people write them, in the engine's own words, as far as that is known without asking it. Pure. */

const ALIASES: Readonly<Record<string, readonly string[]>> = Object.freeze({
  TINYINT: ['INT1'],
  SMALLINT: ['INT2', 'INT16', 'SHORT'],
  INTEGER: ['INT', 'INT4', 'INT32', 'SIGNED', 'INTEGRAL'],
  BIGINT: ['INT8', 'INT64', 'LONG'],
  HUGEINT: ['INT128'],
  UTINYINT: ['UINT8'],
  USMALLINT: ['UINT16'],
  UINTEGER: ['UINT32'],
  UBIGINT: ['UINT64'],
  UHUGEINT: ['UINT128'],
  BIGNUM: ['VARINT'],
  DOUBLE: ['FLOAT8', 'DOUBLE PRECISION'],
  FLOAT: ['FLOAT4', 'REAL'],
  VARCHAR: ['TEXT', 'STRING', 'CHAR', 'BPCHAR', 'NVARCHAR'],
  BOOLEAN: ['BOOL', 'LOGICAL'],
  DATE: [],
  TIME: ['TIME WITHOUT TIME ZONE'],
  UUID: ['GUID'],
  TIMESTAMP: ['DATETIME', 'TIMESTAMP_US', 'TIMESTAMP WITHOUT TIME ZONE'],
  TIMESTAMP_S: [],
  TIMESTAMP_MS: [],
  TIMESTAMP_NS: [],
  'TIMESTAMP WITH TIME ZONE': ['TIMESTAMPTZ'],
  BLOB: ['BYTEA', 'BINARY', 'VARBINARY'],
  INTERVAL: [],
  JSON: [],
});

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(ALIASES).flatMap(([name, others]) =>
    [name, ...others].map((each) => [each, name] as const),
  ),
);

/** The engine's name of a type; undefined for one that only the engine can tell. */
export function canonicalType(text: string): string | undefined {
  const plain = text.trim().toUpperCase().replaceAll(/\s+/g, ' ');
  const decimal = /^(?:DECIMAL|NUMERIC|DEC)(?: ?\( ?(\d{1,2}) ?(?:, ?(\d{1,2}) ?)?\))?$/.exec(
    plain,
  );
  if (decimal !== null) {
    const [, precision = '18', scale = decimal[1] === undefined ? '3' : '0'] = decimal;
    return `DECIMAL(${Number(precision)},${Number(scale)})`;
  }
  return NAMES.get(plain.replace(/^(VARCHAR|CHAR|BPCHAR|TEXT|STRING) ?\(\d+\)$/, '$1'));
}
