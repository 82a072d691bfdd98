import { describe, expect, test } from '@jest/globals';

import { fingerprintForm, materialize } from '../../src/activities/materialize.ts';

import type { SqlNode } from '../../src/model/plan-nodes.ts';
import type { StepInputs } from '../../src/model/attempt-inputs.ts';

const inputs: StepInputs = {
  clean: {
    outputs: { table: { path: '/store/aa', sha256: 'aa', bytes: 5, format: 'parquet' } },
    values: { rows: 12, label: 'twelve', empty: null },
  },
};
const answers = { inputs, secrets: (name: string) => `value of ${name}` };

describe('materialize', () => {
  test('gives references, secrets and texts made of both their values', () => {
    const options = {
      max: { $ref: 'steps.clean.values.rows' },
      path: { $ref: 'steps.clean.outputs.table' },
      env: { AUTH: { $concat: ['Bearer ', { $secret: 'TOKEN' }] }, KEY: { $secret: 'KEY' } },
      list: [1, true, null, { $concat: [{ $ref: 'steps.clean.values.rows' }, ' rows'] }],
    };
    expect(materialize(options, answers)).toEqual({
      max: 12,
      path: '/store/aa',
      env: { AUTH: 'Bearer value of TOKEN', KEY: 'value of KEY' },
      list: [1, true, null, '12 rows'],
    });
  });

  test('turns a query into text with bound values, never pasted text', () => {
    const sql: SqlNode = {
      $sql: [
        'select * from a where country = ',
        { value: "US'; drop table a; --" },
        ' and n > ',
        { $ref: 'steps.clean.values.rows' },
      ],
    };
    expect(materialize({ sql }, answers)).toEqual({
      sql: {
        text: 'select * from a where country = $p1 and n > cast($p2 as BIGINT)',
        binds: { p1: "US'; drop table a; --", p2: 12 },
      },
    });
  });

  test('keeps a bound value apart from a name beside it', () => {
    const sql = { $sql: ['select x', { value: 1 }, 'y from t'] };
    expect(materialize(sql, answers)).toEqual({
      text: 'select x cast($p1 as BIGINT) y from t',
      binds: { p1: 1 },
    });
  });

  test('passes over names of parameters that the query already has', () => {
    const sql = { $sql: ["select '$p1', ", { value: 1 }] };
    expect(materialize(sql, answers)).toEqual({
      text: "select '$p1', cast($p2 as BIGINT)",
      binds: { p2: 1 },
    });
  });

  test.each([
    ['steps.missing.values.rows', 'steps it can read: clean'],
    ['steps.clean.values.count', "step 'clean' returned these values: rows, label, empty"],
    ['steps.clean.outputs.rejected', "step 'clean' returned these outputs: table"],
    ['steps.clean.values.constructor', "step 'clean' returned these values"],
    ['params.country', 'names nothing'],
  ])('refuses the unknown name %s and says what there is', (reference, said) => {
    const work = () => materialize({ a: [{ $ref: reference }] }, answers);
    expect(work).toThrow(expect.objectContaining({ code: 'UNKNOWN_REFERENCE' }));
    expect(work).toThrow(said);
  });

  test('takes an object with more than the one key for data, not for a reference', () => {
    const data = { $ref: 'steps.clean.values.rows', note: 'kept' };
    expect(materialize({ data }, answers)).toEqual({ data });
  });
});

describe('fingerprintForm', () => {
  test('knows outputs by content and secrets by name', () => {
    const options = {
      from: { $ref: 'steps.clean.outputs.table' },
      rows: { $ref: 'steps.clean.values.rows' },
      auth: { $concat: ['Bearer ', { $secret: 'TOKEN' }] },
      key: { $secret: 'KEY' },
    };
    expect(fingerprintForm(options, { inputs })).toEqual({
      from: { $output: 'aa', format: 'parquet' },
      rows: 12,
      auth: { $concat: ['Bearer ', { $secret: 'TOKEN' }] },
      key: { $secret: 'KEY' },
    });
  });

  test('is the same for a value written down and a value referred to', () => {
    const written = { $concat: ['at most ', '12', ' rows'] };
    const referred = { $concat: ['at most ', { $ref: 'steps.clean.values.rows' }, ' rows'] };
    expect(fingerprintForm(referred, { inputs })).toEqual(fingerprintForm(written, { inputs }));
    expect(
      fingerprintForm({ $sql: ['x > ', { $ref: 'steps.clean.values.rows' }] }, { inputs }),
    ).toEqual(fingerprintForm({ $sql: ['x > ', { value: 12 }] }, { inputs }));
  });

  test('tells a reference to an output in a text from one in an option', () => {
    expect(
      fingerprintForm({ $concat: [{ $ref: 'steps.clean.outputs.table' }] }, { inputs }),
    ).toEqual({
      $concat: [{ $output: 'aa', format: 'parquet' }],
    });
  });

  test('refuses an unknown name like materialize does', () => {
    expect(() => fingerprintForm({ a: { $ref: 'steps.clean.values.nope' } }, { inputs })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_REFERENCE' }),
    );
  });
});
