/** The keys that payloads are encrypted with: read from a file or a command, or made from the secret of a state folder. This layer imports the model, os and node:. */

import { createHash, hkdfSync } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

import { UserError } from '../model/errors.ts';
import { outputOf } from './key-command.ts';

export type PayloadKey = {
  /** Stands beside each payload, in clear: how a reader knows which of its keys fits. */
  readonly id: string;
  /** 32 bytes, for AES-256. */
  readonly key: Buffer;
};

/** What a client or a worker holds. */
export type PayloadKeys = {
  /** Encrypts; absent: what is sent goes in clear. */
  readonly own?: PayloadKey | undefined;
  /** Decrypt what was encrypted with them; with `own` or without. */
  readonly known: readonly PayloadKey[];
};

/** Where keys come from; at most one of the two is given. */
export type KeySource = {
  /** Absolute path of a file of keys. */
  readonly file?: string | undefined;
  /** For `sh -c`; prints what a file of keys holds. */
  readonly command?: string | undefined;
};

const KEY_BYTES = 32;
const ID = /^[A-Za-z0-9][\w.-]{0,63}$/;
const HINT =
  'One key a line: an id, a space, and 32 random bytes as base64 or hex. The first one encrypts, all decrypt: echo "2026-01 $(openssl rand -base64 32)"';

/** The keys a source names, the one to encrypt with first; none without a source. @throws UserError PAYLOAD_KEY_UNUSABLE */
export async function readPayloadKeys(
  { file, command }: KeySource,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly PayloadKey[]> {
  if (file !== undefined) return parsePayloadKeys(readKeyFile(file), file);
  if (command === undefined) return [];
  return parsePayloadKeys(await outputOf(command, env), 'the command for payload keys');
}

/** True for a file of keys that every user of the machine can read. */
export function isOpenToOthers(file: string): boolean {
  return ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) !== 0;
}

/** The keys of a text, in order. Never shows one. @throws UserError PAYLOAD_KEY_UNUSABLE */
export function parsePayloadKeys(text: string, from: string): readonly PayloadKey[] {
  const keys = text.split('\n').flatMap((line, index) => {
    const words = line.trim().split(/\s+/);
    if (line.trim() === '' || line.trim().startsWith('#')) return [];
    const key = decoded(words.at(-1) ?? '');
    const id = words.length === 1 && key !== undefined ? fingerprintOf(key) : (words[0] ?? '');
    if (words.length > 2 || key === undefined || !ID.test(id)) {
      throw unusable(`line ${index + 1} of ${from} is no id with a key of ${KEY_BYTES} bytes`);
    }
    return [{ id, key }];
  });
  if (keys.length === 0) throw unusable(`${from} holds no key`);
  const twice = keys.find(({ id }, index) => keys.findIndex((other) => other.id === id) !== index);
  if (twice !== undefined) throw unusable(`${from} holds two keys with the id '${twice.id}'`);
  return keys;
}

/** The key of the embedded engine of a state folder: whoever can read the folder's secret can read its payloads. */
export function keyOfStateFolder(secret: Buffer): PayloadKey {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'builder_cli payloads', KEY_BYTES));
  return { id: `state-${fingerprintOf(key)}`, key };
}

/** Tells keys apart, and nothing of what they are. */
function fingerprintOf(key: Buffer): string {
  return createHash('sha256').update('builder_cli key id').update(key).digest('hex').slice(0, 12);
}

function decoded(text: string): Buffer | undefined {
  const isHex = /^[0-9a-f]{64}$/i.test(text);
  if (!isHex && !/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  return Buffer.from(text, isHex ? 'hex' : 'base64');
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw unusable(`the file of payload keys ${file} cannot be read (${why})`, error);
  }
}

function unusable(message: string, cause?: unknown): UserError {
  return new UserError('PAYLOAD_KEY_UNUSABLE', message, { hint: HINT, cause });
}
