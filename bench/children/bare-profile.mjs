/** A plan as a plain script of one DuckDB session would do it: `<plan.json> <folder>`. No order, store, hash or checks of files. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { DuckDBInstance } from '@duckdb/node-api';

const [planFile, folder] = process.argv.slice(2);
const { steps } = JSON.parse(readFileSync(planFile, 'utf8'));
mkdirSync(folder, { recursive: true });
const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const connection = await instance.connect();
const q = (name) => `"${name}"`;
const t = (text) => `'${String(text).replaceAll("'", "''")}'`;
const textOf = ({ $sql }) =>
  $sql
    .map((part) =>
      typeof part === 'string' ? part : typeof part.value === 'string' ? t(part.value) : part.value,
    )
    .join('');
const nameOf = (table) => table.split('.').map(q).join('.');
const count = async (query) => {
  const reader = await connection.runAndReadAll(query);
  return reader.getRowsJson();
};

const DO = {
  'collect.files': async ({ id, options: { from, types = {}, csv } }) => {
    const typed = Object.entries(types).map(([name, type]) => `${t(name)}: ${t(type)}`);
    const settings = [
      'header = true',
      'sample_size = -1',
      ...(typed.length === 0 ? [] : [`types = {${typed.join(', ')}}`]),
      ...(csv?.null_values === undefined
        ? []
        : [`nullstr = [${csv.null_values.map(t).join(', ')}]`]),
    ];
    await connection.run(
      `create table ${q(id)} as from read_csv(${t(from)}, ${settings.join(', ')})`,
    );
  },
  'transform.sql': async ({ id, options }) => {
    const queries = Object.entries(options.outputs ?? { table: options.sql });
    for (const [name, sql] of queries) {
      if (name !== 'table') await connection.run(`create schema if not exists ${q(id)}`);
      const table = name === 'table' ? q(id) : `${q(id)}.${q(name)}`;
      await connection.run(`create table ${table} as ${textOf(sql)}`);
    }
  },
  'check.table': async ({ options: { table, checks } }) => {
    const from = nameOf(table);
    const list = (names) => names.map(q).join(', ');
    for (const rule of checks) {
      const query =
        rule.not_null
          ?.map((name) => `select * from ${from} where ${q(name)} is null`)
          .join(' union all ') ??
        (rule.unique &&
          `select ${list(rule.unique)} from ${from} group by all having count(*) > 1`) ??
        (rule.accepted_values &&
          `select * from ${from} where ${q(rule.accepted_values.column)}::varchar not in (${rule.accepted_values.values.map(t).join(', ')})`) ??
        (rule.relationships &&
          `select * from ${from} where ${q(rule.relationships.column)} not in (select ${q(rule.relationships.field)} from ${nameOf(rule.relationships.to)})`) ??
        (rule.sql && textOf(rule.sql)) ??
        `select * from ${from}`;
      await count(`select count(*) from (${query})`);
    }
  },
  'export.dataset': async ({ options: { from, name = from, formats, dictionary } }) => {
    const as = {
      parquet: '(format parquet, compression zstd)',
      csv: '(format csv, header true)',
      jsonl: '(format json)',
    };
    for (const format of formats) {
      await connection.run(
        `copy ${nameOf(from)} to ${t(join(folder, `${name}.${format}`))} ${as[format]}`,
      );
    }
    if (dictionary !== undefined) await count(`summarize ${nameOf(from)}`);
  },
  'exec.command': async ({ id, options: { command, files, outputs } }) => {
    for (const file of files) copyFileSync(file, join(folder, basename(file)));
    const words = command.map((word) =>
      typeof word === 'string'
        ? word
        : word.$concat
            .map((part) => (typeof part === 'string' ? part : join(folder, 'routes.csv')))
            .join(''),
    );
    const { status } = spawnSync(words[0], words.slice(1), { cwd: folder, stdio: 'inherit' });
    if (status !== 0) throw new Error(`${id} failed`);
    await connection.run(
      `create table ${q(id)} as from read_csv(${t(join(folder, outputs.table.path))})`,
    );
  },
};

for (const step of steps) await DO[step.kind](step);
writeFileSync(join(folder, 'done'), '');
connection.closeSync();
instance.closeSync();
