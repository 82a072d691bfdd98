import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ROOT, runCli } from '../harness/cli.ts';

const help = async (...words: readonly string[]): Promise<string> => {
  const { code, stdout } = await runCli([...words, '--help'], { cwd: ROOT });
  expect(code).toBe(0);
  return stdout;
};

/** The long names under a heading, in order. */
const flagsUnder = (text: string, heading: string): readonly string[] => {
  const [, part = ''] = text.split(`${heading}:\n`);
  return [...(part.split('\n\n')[0] ?? '').matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(
    (m) => m[1]!,
  );
};

test('shows the options of a command first, then the shared ones', async () => {
  const text = await help('run-profile');
  expect(flagsUnder(text, 'Options')).toEqual([
    '--job',
    '--profile',
    '--param',
    '--out',
    '--partition',
    '--dry-run',
    '--deliver-by',
    '--detach',
    '--help',
  ]);
  expect(flagsUnder(text, 'Shared options')).toEqual(
    expect.arrayContaining(['--state-dir', '--temporal-address', '--prometheus-port', '--linger']),
  );
});

test.each([
  ['validate', ['--prometheus-port', '--prometheus-address', '--prometheus-web-config']],
  ['runs', ['--state-dir', '--prometheus-port', '--prometheus-address', '--prometheus-web-config']],
])('shows with %s only the shared options that mean something there', async (command, flags) => {
  const text = await help(command);
  expect(flagsUnder(text, 'Shared options')).toEqual([...flags, '--json', '--verbose']);
});

test('takes a shared option also where it means nothing', async () => {
  const words = ['validate', '--job', 'jobs/standard.yaml', '--task-queue', 'q', '--linger', '0'];
  expect(await runCli(words, { cwd: ROOT })).toMatchObject({ code: 0 });
});

test('tells its version, and nothing else', async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  expect(await runCli(['--version'], { cwd: ROOT })).toEqual({
    code: 0,
    stdout: `${version}\n`,
    stderr: '',
  });
});
