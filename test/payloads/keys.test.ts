import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { outputOf } from '../../src/payloads/key-command.ts';
import { keyOfStateFolder, parsePayloadKeys, readPayloadKeys } from '../../src/payloads/keys.ts';

const A = Buffer.alloc(32, 1);
const B = Buffer.alloc(32, 2);

test('a file of keys has one a line, as base64 or hex, with its id; comments and empty lines are none', () => {
  const text = `# newest first\n\n2026-02 ${A.toString('base64')}\n  2026-01\t${B.toString('hex')}  \n`;
  expect(parsePayloadKeys(text, 'f')).toEqual([
    { id: '2026-02', key: A },
    { id: '2026-01', key: B },
  ]);
});

test('a key without an id gets one that tells keys apart', () => {
  const [a] = parsePayloadKeys(A.toString('base64'), 'f');
  const [b] = parsePayloadKeys(B.toString('hex'), 'f');
  expect(a!.id).toMatch(/^[0-9a-f]{12}$/);
  expect(a!.id).not.toBe(b!.id);
  expect(parsePayloadKeys(A.toString('hex'), 'f')).toEqual([a]);
});

test.each([
  ['', 'f holds no key'],
  ['# nothing\n', 'f holds no key'],
  ['id c2hvcnQ=', 'line 1 of f is no id with a key of 32 bytes'],
  [`# x\nid key ${A.toString('hex')}`, 'line 2 of f is no id with a key of 32 bytes'],
  [`../x ${A.toString('hex')}`, 'line 1 of f is no id with a key of 32 bytes'],
  [`a ${A.toString('hex')}\na ${B.toString('hex')}`, "f holds two keys with the id 'a'"],
])('refuses %j, and shows nothing of it', (text, message) => {
  expect(() => parsePayloadKeys(text, 'f')).toThrow(
    expect.objectContaining({ code: 'PAYLOAD_KEY_UNUSABLE', message }),
  );
});

test('reads a file, or what a command prints; without either there is none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'builder-keys-'));
  try {
    const file = join(folder, 'keys');
    await writeFile(file, `a ${A.toString('hex')}\n`);
    const keys = [{ id: 'a', key: A }];
    expect(await readPayloadKeys({ file }, {})).toEqual(keys);
    expect(await readPayloadKeys({ command: 'cat "$FILE"' }, { FILE: file })).toEqual(keys);
    expect(await readPayloadKeys({}, {})).toEqual([]);
    await expect(readPayloadKeys({ file: join(folder, 'none') }, {})).rejects.toMatchObject({
      code: 'PAYLOAD_KEY_UNUSABLE',
      message: expect.stringContaining('ENOENT'),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a command that fails, or does not end, is said as such', async () => {
  await expect(outputOf('echo secret; exit 3', {})).rejects.toMatchObject({
    code: 'PAYLOAD_KEY_UNUSABLE',
    message: 'the command for payload keys ended with exit code 3',
  });
  await expect(outputOf('cat /dev/zero | cat', {}, 60_000)).rejects.toMatchObject({
    message: 'the command for payload keys was ended by SIGKILL',
  });
  await expect(
    outputOf('while :; do read -r line < /dev/tty || :; done 2> /dev/null', {}, 20),
  ).rejects.toMatchObject({ message: 'the command for payload keys has not ended after 0.02 s' });
});

test('the key of a state folder follows from its secret, and does not show it', () => {
  const secret = Buffer.alloc(32, 7);
  const { id, key } = keyOfStateFolder(secret);
  expect(keyOfStateFolder(Buffer.alloc(32, 7))).toEqual({ id, key });
  expect(key).toHaveLength(32);
  expect(key).not.toEqual(secret);
  expect(id).toMatch(/^state-[0-9a-f]{12}$/);
});
