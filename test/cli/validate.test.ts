import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { validateCommand } from '../../src/cli/commands/validate.ts';
import { settingsFrom } from '../../src/cli/settings.ts';

import type { Io } from '../../src/cli/io.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

type Said = { readonly code: number; readonly out: string; readonly said: string };

async function validate(
  cwd: string,
  flags: { readonly job: string; readonly profile?: string; readonly json?: boolean },
  live = false,
): Promise<Said> {
  const out: string[] = [];
  const said: string[] = [];
  const io = {
    out: (text: string) => void out.push(text),
    say: (line: string) => void said.push(line),
    live,
    color: false,
    results: { columns: 100, color: false },
    columns: 100,
    cwd,
  } as unknown as Io;
  const code = await validateCommand(flags, settingsFrom(flags, {}, cwd), io);
  return { code, out: out.join('\n'), said: said.join('\n') };
}

/** Runs a body with a folder that holds one broken job. */
async function withBroken(body: (cwd: string) => Promise<void>): Promise<void> {
  const cwd = await mkdtemp(join(tmpdir(), 'builder-validate-'));
  try {
    await writeFile(join(cwd, 'job.yaml'), 'job: demo\nprofile: p.yaml\nparms: {}\n');
    await writeFile(join(cwd, 'p.yaml'), 'profile: p\nsteps:\n  a: { uses: transform.sqll }\n');
    await body(cwd);
  } finally {
    await rm(cwd, { recursive: true });
  }
}

test.each([
  ['quick', 7],
  ['standard', 19],
  ['deep', 23],
])('finds the shipped profile %s valid, with %d steps', async (profile, steps) => {
  const { code, out } = await validate(ROOT, { job: 'jobs/standard.yaml', profile, json: true });

  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    ok: true,
    job: 'airports',
    profile,
    steps,
    problems: [],
  });
});

test('says every problem of both files on stderr, one line each, and exits 2', async () => {
  await withBroken(async (cwd) => {
    const { code, out, said } = await validate(cwd, { job: 'job.yaml' });

    expect(code).toBe(2);
    expect(out).toBe('');
    expect(said.split('\n')).toEqual([
      expect.stringMatching(/^job.yaml:3:1: UNKNOWN_KEY: .* Did you mean 'params'\?$/),
      expect.stringMatching(/^p.yaml:3:14: UNKNOWN_KIND: .* Did you mean 'transform.sql'\?$/),
      '2 problems',
    ]);
  });
});

test('shows the line and a caret on a terminal', async () => {
  await withBroken(async (cwd) => {
    const { said } = await validate(cwd, { job: 'job.yaml' }, true);

    expect(said).toContain('\n  3 | parms: {}\n      ^\n');
  });
});

test('prints one document with --json, and nothing for people', async () => {
  await withBroken(async (cwd) => {
    const { code, out, said } = await validate(cwd, { job: 'job.yaml', json: true });

    expect([code, said]).toEqual([2, '']);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      error: {
        code: 'UNKNOWN_KEY',
        message: '2 problems in the definition',
        problems: [
          { code: 'UNKNOWN_KEY', file: 'job.yaml', line: 3, column: 1 },
          { code: 'UNKNOWN_KIND', file: 'p.yaml', line: 3, column: 14 },
        ],
      },
    });
  });
});
