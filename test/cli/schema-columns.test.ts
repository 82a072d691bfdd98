import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { schemaCommand } from '../../src/cli/commands/schema.ts';

import type { SchemaFlags } from '../../src/cli/commands/schema.ts';
import type { Io } from '../../src/cli/io.ts';
import type { Settings } from '../../src/cli/settings.ts';

const PROFILE = `
profile: p
steps:
  orders: { uses: collect.files, with: { from: '../data/*.csv', columns: { id: INTEGER } } }
  made:
    uses: exec.command
    with: { shell: 'echo a > t.csv', outputs: { table: { path: t.csv } } }
`;

/** What the command prints for a small project. */
async function printed(flags: SchemaFlags, json = false): Promise<{ out: string; said: string }> {
  const root = await mkdtemp(join(tmpdir(), 'builder-schema-'));
  let [out, said] = ['', ''];
  const io = {
    out: (text: string) => void (out += `${text}\n`),
    say: (text: string) => void (said += `${text}\n`),
    cwd: root,
    color: false,
    results: { columns: 100, color: false },
  } as unknown as Io;
  const settings = { json, stateDir: join(root, 'state') } as unknown as Settings;
  try {
    for (const folder of ['jobs', 'profiles', 'data']) await mkdir(join(root, folder));
    await writeFile(join(root, 'jobs/j.yaml'), 'job: j\nprofile: p\n');
    await writeFile(join(root, 'profiles/p.yaml'), PROFILE);
    await writeFile(join(root, 'data/a.csv'), 'id,amount,day\n1,1.5,2024-01-31\n');
    await writeFile(join(root, 'data/b.csv'), 'id,amount,day\n2,2.25,2024-02-01\n');
    const all = flags.columns === true ? { job: 'jobs/j.yaml', ...flags } : flags;
    expect(await schemaCommand(all, settings, io)).toBe(0);
    return { out, said };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

test('prints the types inferred from all files, as the part of the profile that pins them', async () => {
  const { out, said } = await printed({ columns: true });
  expect(parse(out)).toEqual({
    steps: {
      orders: {
        with: { columns: { id: 'INTEGER', amount: 'DECIMAL(18,2)', day: 'DATE' } },
      },
    },
  });
  expect(said).toBe('made: it has no result yet; run it once\n');
});

test('prints them as one JSON document', async () => {
  const { out, said } = await printed({ columns: true, step: 'orders' }, true);
  expect(JSON.parse(out)).toMatchObject({
    tables: [{ step: 'orders', output: 'table', at: ['columns'], of: 'now' }],
    unknown: [],
  });
  expect(said).toBe('');
});

test('prints the JSON Schema of a profile without --columns', async () => {
  const { out } = await printed({});
  expect(JSON.parse(out)).toHaveProperty('properties.steps');
});
