import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { execCommand } from '../../src/kinds/exec-command.ts';
import { asKind, runKind, shell, withAttempt } from './command/attempt.ts';

import type { Attempt } from './command/attempt.ts';

const options = (value: unknown) => execCommand.schema.safeParse(value);

describe('its options', () => {
  test.each<[string, object]>([
    ['neither command nor shell', {}],
    ['both command and shell', { command: ['a'], shell: 'a' }],
    ['an empty command', { command: [] }],
    ['an unknown option', { shell: 'a', cwd: '/' }],
    ['an output outside its folder', { shell: 'a', outputs: { table: { path: '../x.csv' } } }],
    ['an absolute output', { shell: 'a', outputs: { table: { path: '/x.csv' } } }],
    ['two outputs in one', { shell: 'a', outputs: { a: { path: 'x' }, b: { path: './x/y.csv' } } }],
    ['an exit code that there is not', { shell: 'a', exit_codes: { '256': 'ok' } }],
    ['a variable of the runner', { shell: 'a', env: { BUILDER_RUN_ID: 'mine' } }],
    ['a secret passed around the redactor', { shell: 'a', pass_env: ['BUILDER_SECRET_KEY'] }],
    ['a secret in argv', { command: ['a', { $secret: 'KEY' }] }],
    [
      'a reference pasted into a script',
      { shell: { $concat: ['a ', { $ref: 'steps.a.values.b' }] } },
    ],
    ['two files of one name', { shell: 'a', files: ['/a/x.py', '/b/x.py'] }],
  ])('refuse %s', (_what, value) => {
    expect(options(value).success).toBe(false);
  });

  test('take references in argv, secrets in the environment', () => {
    const value = {
      command: [
        'a',
        { $ref: 'steps.a.outputs.table' },
        { $concat: ['--n=', { $ref: 'steps.a.values.n' }] },
      ],
      env: { KEY: { $secret: 'KEY' } },
    };
    expect(options(value)).toMatchObject({ success: true });
  });

  test.each<[object, boolean]>([
    [{ shell: 'a' }, false],
    [{ shell: 'a', files: [] }, false],
    [{ shell: 'a', files: ['/a/x.py'] }, true],
    [{ shell: 'a', files: ['/a/x.py'], pass_env: ['TOKEN'] }, false],
  ])('%j can be reused: %p', (value, reusable) => {
    expect(asKind(execCommand).reusable?.(value)).toBe(reusable);
  });

  test('mark only the environment as a place for secrets', () => {
    expect(execCommand.roles).toMatchObject({ secrets: ['env.*'], paths: ['files.*'] });
  });
});

describe('its files', () => {
  let outside = '';
  const at = (name: string): string => join(outside, name);
  beforeAll(() => {
    outside = mkdtempSync(join(tmpdir(), 'builder-files-'));
    writeFileSync(at('hello.sh'), '#!/bin/sh\necho "hello $(cat data.txt)"\n');
    writeFileSync(at('data.txt'), 'world');
    writeFileSync(at('tmp'), '');
  });
  afterAll(() => rmSync(outside, { recursive: true }));

  test('lie side by side in the working folder, and nothing else does', async () => {
    const { logged } = await shell(
      'sh hello.sh; ls',
      {},
      { files: [at('hello.sh'), at('data.txt')] },
    );
    expect(logged).toEqual(['out: hello world', 'out: data.txt', 'out: hello.sh', 'out: tmp']);
  });

  test('can be started if they could be before', async () => {
    chmodSync(at('hello.sh'), 0o755);
    const { logged } = await shell('./hello.sh', {}, { files: [at('hello.sh'), at('data.txt')] });
    expect(logged).toEqual(['out: hello world']);
  });

  test('may not be named like a folder in use', async () => {
    await expect(shell('true', {}, { files: [at('tmp')] })).rejects.toMatchObject({
      code: 'BAD_OPTION',
    });
  });
});

describe('what it prints', () => {
  test('is logged by line, with where it came from', async () => {
    const { logged } = await shell('echo one; echo two >&2; printf three');
    expect(logged.toSorted()).toEqual(['err: two', 'out: one', 'out: three']);
  });

  test('is logged without secrets, even when they come in pieces', async () => {
    const { logged } = await shell(
      'printf "key %s" "$(echo $KEY | cut -c1-5)"; sleep 0.1; echo $KEY | cut -c6-; printf %s $KEY | base64 >&2',
      { env: { KEY: 'hunter2-hunter2' } },
      { secrets: ['hunter2-hunter2'] },
    );
    expect(logged.toSorted()).toEqual(['err: ***', 'out: key ***']);
  });

  test('is bounded, and says so', async () => {
    const { logged } = await shell('yes | head -n 60000');
    expect(logged).toHaveLength(50_001);
    expect(logged.at(-1)).toBe('the command printed more; the rest is left out of this log');
  });

  test('may be anything', async () => {
    const { logged } = await shell(
      'head -c 300000 /dev/urandom; printf "\\377\\000\\033[31mred\\033[0m\\n"',
    );
    // oxlint-disable-next-line no-control-regex -- they must not be there
    for (const line of logged) expect(line).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f]/);
    expect(logged.join('\n')).toContain('red');
  });
});

describe('how it ends', () => {
  test.each<[string, object]>([
    [
      'exit 3',
      {
        name: 'Error',
        message: expect.stringMatching(
          /^the script ended with exit code 3\nthe end of its stderr:\nsad$/,
        ),
      },
    ],
    [
      'exit 4',
      {
        name: 'StepError',
        code: 'COMMAND_FAILED',
        message: expect.stringContaining('exit code 4'),
      },
    ],
    [
      'kill -9 $$',
      {
        name: 'Error',
        message: expect.stringContaining('killed by SIGKILL, as when memory runs out'),
      },
    ],
    [
      'sh -c "kill -9 \\$\\$"',
      { name: 'Error', message: expect.stringContaining('137 (usually: killed by SIGKILL') },
    ],
    [
      'no-such-program',
      {
        name: 'StepError',
        code: 'COMMAND_FAILED',
        message: expect.stringContaining('no-such-program'),
      },
    ],
    ['echo $UNSET', { name: 'Error', message: expect.stringContaining('UNSET') }],
    ['false; exit 4', { name: 'Error', message: expect.stringContaining('exit code 1') }],
  ])('`%s` fails as %j', async (script, expected) => {
    const work = shell(`echo sad >&2; ${script}`, { exit_codes: { '4': 'fail' } });
    await expect(work).rejects.toMatchObject(expected);
  });

  test('a process that the command leaves running is ended, and that is a warning', async () => {
    const { returned } = await shell('echo id > out.csv; (sleep 100; echo 1 >> out.csv) & exit 0');
    expect(returned.warning).toMatch(/left .* running/);
  });

  test.each([
    ['echo hello > /dev/stdout', 'out: hello'],
    ['echo hello | tee /dev/stderr > /dev/null', 'err: hello'],
    ['(echo hello > /dev/fd/1) | cat', 'out: hello'],
  ])('`%s` prints, as it does in a pipe', async (script, line) => {
    const { logged } = await shell(script);
    expect(logged).toContain(line);
  });

  test('what is just ending when the command ends is no process left running', async () => {
    const { returned } = await shell('sleep 0.05 & exit 0');
    expect(returned.warning).toBeUndefined();
  });

  test('a word for all other exit codes leaves those that have one of their own, and 0', async () => {
    const exit_codes = { '75': 'retry', other: 'fail' };
    await expect(shell('exit 9', { exit_codes })).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    await expect(shell('exit 75', { exit_codes })).rejects.toMatchObject({ name: 'Error' });
    const fine = await shell('echo id > out.csv; exit 0', { exit_codes });
    expect(fine.returned.warning).toBeUndefined();
  });

  test('an exit code that is fine, and one that is a warning, keep the outputs', async () => {
    const exit_codes = { '1': 'ok', '2': 'warn' };
    const outputs = { table: { path: 'a.csv' } };
    const fine = await shell('touch a.csv; exit 1', { exit_codes, outputs });
    expect(fine.returned.warning).toBeUndefined();
    const warned = await shell('touch a.csv; exit 2', { exit_codes, outputs });
    expect(warned.returned).toMatchObject({
      warning: 'the script ended with exit code 2',
      outputs: { table: { format: 'csv' } },
    });
  });

  test('shows the end of stderr without secrets, at most 20 lines', async () => {
    const work = shell(
      'seq 1 30 >&2; echo "bad $KEY" >&2; exit 1',
      { env: { KEY: 'hunter2-hunter2' } },
      { secrets: ['hunter2-hunter2'] },
    );
    const lines = await work.catch((error: Error) => error.message.split('\n').slice(2));
    expect(lines).toEqual([...Array.from({ length: 19 }, (_, i) => String(i + 12)), 'bad ***']);
  });

  test.each([
    [['no-such-program'], 'was not found on the PATH'],
    [['./no-such-file'], 'does not exist'],
    [['/etc/passwd'], 'may not be executed'],
  ])('%j cannot start, and says why', async (command, said) => {
    const work = withAttempt(async ({ context }) => runKind(execCommand, { command }, context));
    await expect(work).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringContaining(said),
    });
  });

  test('takes words as they are, with no shell in between', async () => {
    const logged = await withAttempt(async (attempt) => {
      await runKind(
        execCommand,
        { command: ['printf', '%s\\n', '$HOME; a  b', "it's"] },
        attempt.context,
      );
      return attempt.logged;
    });
    expect(logged).toEqual(['out: $HOME; a  b', "out: it's"]);
  });

  test('reads an empty stdin', async () => {
    expect((await shell('cat; echo done')).logged).toEqual(['out: done']);
  });

  test('no record of its processes is left', async () => {
    const names = await withAttempt(async ({ context, attemptsRoot }: Attempt) => {
      await runKind(execCommand, { shell: 'true' }, context);
      expect(existsSync(`${context.folder}.pid`)).toBe(false);
      return readdirSync(join(attemptsRoot, 'run-1'));
    });
    expect(names).toEqual(['score.1-1']);
  });
});
