/** What a query may try in the engine that it shares with other steps: nothing but its own inputs is ever read. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { looksAround } from '../../src/duckdb/closed.ts';
import { isChanging } from '../../src/duckdb/repeat/changing.ts';
import { makeSharedEngine } from '../../src/duckdb/shared-engine.ts';
import { withSession } from '../../src/duckdb/session.ts';
import { checkTable } from '../../src/kinds/check-table.ts';
import { transformSql } from '../../src/kinds/transform-sql.ts';
import { withAttempt } from '../kinds/harness.ts';

import type { SharedEngine } from '../../src/duckdb/shared-engine.ts';

const SECRET = 'another step wrote this';
const LIMITS = { threads: 2, memoryBytes: 128 * 1024 * 1024 };

/** `$P`, `$C`, `$J` and `$T` are a Parquet, CSV, JSON and text file of another step; `others` its table. */
const HOSTILE = [
  "select * from '$P'",
  'select * from "$P"',
  'select * from "$C"',
  'select * from main."$C"',
  'select * from memory.main."$C"',
  "select * from read_parquet('$P')",
  "select * from parquet_scan(['$P'])",
  "select * from read_csv('$C')",
  "select * from read_csv_auto('$C')",
  "select * from read_json_auto('$J')",
  "select * from read_text('$T')",
  "select * from read_blob('$T')",
  "select * from glob('$D/*')",
  "select * from sniff_csv('$C')",
  "select * from parquet_metadata('$P')",
  "select * from parquet_schema('$P')",
  "select * from parquet_kv_metadata('$P')",
  "select * from query('from read_text(''$T'')')",
  "select * from query_table('$C')",
  "select * from query_table(['$C'])",
  "select * from (describe '$C')",
  "select * from (summarize '$C')",
  "select * from (describe (select * from '$C'))",
  'with "$C" as (select * from "$C") select * from "$C"',
  'with a as (select * from "$C"), "$C" as (select 1) select * from a',
  'with recursive "$C" as (select * from "$C" union all select * from "$C") select * from "$C"',
  'select (select count(*) from "$C") as n',
  'select 1 as n where exists (from "$C")',
  'select n from (select 1 as n) limit (select count(*) from "$C")',
  'select n from (select 1 as n) order by (select count(*) from "$C")',
  'select list_transform([1], x -> (select count(*) from "$C")) as n',
  'select 1 as n union all select count(*) from "$C"',
  'select * from (pivot "$C" on a)',
  'select * from (unpivot "$C" on a)',
  'from mine semi join "$C" on true',
  'select * from mine, lateral (select * from "$C") t',
  'select * from mine positional join "$C"',
  "select json_serialize_plan('select * from ''$C''') as plan",
  'select * from json_execute_serialized_sql(json_serialize_sql(\'select * from "$C"\'))',
  "copy (select 1) to '$D/new.csv'",
  "attach '$D/x.db' as x",
  'install httpfs',
  "load '$D/x.duckdb_extension'",
  'set lock_configuration = false',
  'pragma database_list',
  'call pragma_version()',
  "export database '$D'",
  "select 1) to '$D/new.csv'; copy (select 2",
  'select * from duckdb_views()',
  'select * from duckdb_tables()',
  'select * from duckdb_columns()',
  'select * from duckdb_databases()',
  'select * from duckdb_settings()',
  'select * from duckdb_secrets()',
  'select * from duckdb_temporary_files()',
  'select * from duckdb_logs()',
  'select * from duckdb_prepared_statements()',
  'select * from duckdb_connections()',
  'select * from duckdb_variables()',
  'select * from pragma_database_list',
  'select * from information_schema.tables',
  'select * from system.information_schema.tables',
  'select * from pg_catalog.pg_class',
  'select * from sqlite_master',
  'select * from others',
  'select * from temp.others',
  'select * from temp.main.others',
  'select * from memory.main.others',
  'select * from (show all tables)',
  'select * from (show tables)',
  'select * from (show databases)',
  'select * from enable_logging()',
  'select * from checkpoint()',
  "select * from pragma_table_info('others')",
  "select * from pragma_storage_info('others')",
  "select getvariable('x') as v",
  "select current_setting('temp_directory') as v",
  "select current_setting('allowed_directories') as v",
  "select getenv('PATH') as v",
  'select pg_get_viewdef(1) as v',
  "select get_block_size('memory') as v",
  "select system.main.current_setting('temp_directory') as v",
  "select nextval('others') as v",
  'select * from mine at (version => 1)',
  'values ((select count(*) from "$C"))',
];

test.each(HOSTILE)('reads nothing of another step by %s', async (template) => {
  await withAttempt(
    { tables: { mine: 'select 1 as a', others: `select '${SECRET}' as a` } },
    async (at) => {
      const { roots, run, rows, log } = at;
      const folder = join(roots[1] ?? '', 'run', 'others.1');
      await mkdir(folder, { recursive: true });
      const files = { P: 'p.parquet', C: 'c.csv', J: 'j.json', T: 't.txt' };
      await writeFile(join(folder, files.C), `a\n${SECRET}\n`);
      await writeFile(join(folder, files.J), JSON.stringify([{ a: SECRET }]));
      await writeFile(join(folder, files.T), SECRET);
      await writeFile(
        join(folder, files.P),
        await readFile(join(roots[0] ?? '', 'others.parquet')),
      );
      const sql = template
        .replaceAll('$D', folder)
        .replaceAll(/\$([PCJT])/g, (_, name: keyof typeof files) => join(folder, files[name]));

      const engine = makeSharedEngine({ roots, scratch: join(roots[1] ?? '', '_shared') });
      const inputs = {
        mine: {
          outputs: {
            table: {
              path: join(roots[0] ?? '', 'mine.parquet'),
              sha256: 'm',
              bytes: 1,
              format: 'parquet' as const,
              rows: 1,
            },
          },
          values: {},
        },
      };
      const open = await otherStep(engine, folder, join(folder, files.P));
      const about = { engine, limits: LIMITS, inputs };
      const told: string[] = [];
      const seen: unknown[] = [];
      try {
        for (const step of [
          run(transformSql, { sql }, about),
          run(checkTable, { table: 'mine', checks: [{ sql }] }, about),
        ]) {
          const { outputs } = await step.catch((error: Error) => {
            told.push(error.message);
            return { outputs: undefined };
          });
          for (const output of Object.values(outputs ?? {})) seen.push(...(await rows(output)));
        }
      } finally {
        open.release();
        await open.done;
        await engine.close();
      }
      // Its own query may be repeated to it, and with it the paths it wrote down itself.
      const all = JSON.stringify([seen, told, log]).replaceAll(folder, '');
      expect(all).not.toContain(SECRET);
      expect(JSON.stringify(seen).replaceAll(folder, '')).not.toMatch(
        /others|attempts|artifacts|_shared/,
      );
      expect(await readFile(join(folder, 'new.csv')).catch(() => 'none')).toBe('none');
    },
  );
});

/** A step that is at work beside the hostile one, with a view and a table of its own. */
async function otherStep(engine: SharedEngine, folder: string, file: string) {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const outputs = {
    table: { path: file, sha256: 'o', bytes: 1, format: 'parquet' as const, rows: 1 },
  };
  const ctx = {
    folder,
    limits: LIMITS,
    signal: new AbortController().signal,
    inputs: { others: { outputs, values: {} } },
    sources: [],
    engine,
  };
  const done = withSession(ctx, async (session) => {
    expect(session.isShared).toBe(true);
    await session.run(`create temp view others as from read_parquet('${file}')`);
    await session.run('create temp table kept as from others');
    isReady();
    await held;
  });
  await Promise.race([ready, done]);
  return { release, done };
}

test('knows every function of the engine that tells of more than its arguments', async () => {
  await withAttempt({}, async ({ roots }) => {
    const ctx = {
      folder: roots[1] ?? '',
      limits: LIMITS,
      signal: new AbortController().signal,
      inputs: {},
      sources: [],
    };
    const found = await withSession(ctx, (session) =>
      session.rows(
        `select distinct function_name as name from duckdb_functions()
         where function_type in ('scalar', 'aggregate', 'macro')
           and (stability <> 'CONSISTENT' or macro_definition ilike '%select%'
             or function_name similar to '(pg|has|current|inet|duckdb)_.*|.*(setting|variable|env|file|secret|plan|query|log|path).*')
         order by all`,
      ),
    );
    const unknown = found
      .map(({ name }) => String(name))
      .filter((name) => !isChanging(name) && !looksAround(name));
    expect(unknown).toEqual(HARMLESS);
  });
});

/** They work on their arguments alone, whatever the engine says of them. */
const HARMLESS = [
  'current_user',
  'error',
  'json_extract_path',
  'json_extract_path_text',
  'log',
  'log10',
  'log2',
  'parse_dirpath',
  'parse_duckdb_log_message',
  'parse_filename',
  'parse_path',
];
