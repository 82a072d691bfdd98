/**
 * Encrypts what goes through Temporal, and decrypts it: AES-256-GCM, in the form of Temporal's own samples, so that a
 * codec server made after those reads it with the same key.
 *
 * 1. One key encrypts, every key decrypts; without one nothing is encrypted.
 * 2. What came in clear is read as it is: who may order work is another matter (`orders`).
 * 3. A payload that is one text is a name (the summary of a workflow or of a step) and stays readable in Temporal's UI.
 *    Whatever else the product sends is a mapping, a list or nothing.
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';

import { UNREADABLE } from './unreadable.ts';

import type { Payload, PayloadCodec } from '@temporalio/common';
import type { PayloadKey, PayloadKeys } from './keys.ts';

const ENCODING = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const QUOTE = '"'.charCodeAt(0);

// By its default: of this package of CommonJS node sees no names.
const wire = proto.temporal.api.common.v1.Payload;

/** A codec over these keys. */
export function makePayloadCodec({ own, known: keys }: PayloadKeys): PayloadCodec {
  const all = own === undefined ? keys : [...keys, own];
  const known = new Map(all.map(({ id, key }) => [id, key]));
  return {
    encode: async (payloads) =>
      own === undefined
        ? payloads
        : payloads.map((payload) => (isName(payload) ? payload : encrypted(payload, own))),
    decode: async (payloads) =>
      payloads.map((payload) =>
        textOf(payload, 'encoding') === ENCODING ? decrypted(payload, known) : payload,
      ),
  };
}

function isName({ metadata, data }: Payload): boolean {
  return metadata?.['encoding'] !== undefined && data?.[0] === QUOTE;
}

function encrypted(payload: Payload, { id, key }: PayloadKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  const text = cipher.update(wire.encode(payload).finish());
  cipher.final();
  return {
    metadata: { encoding: Buffer.from(ENCODING), 'encryption-key-id': Buffer.from(id) },
    data: Buffer.concat([nonce, text, cipher.getAuthTag()]),
  };
}

function decrypted(payload: Payload, known: ReadonlyMap<string, Buffer>): Payload {
  const id = textOf(payload, 'encryption-key-id');
  const key = known.get(id);
  if (key === undefined) {
    const held =
      known.size === 0 ? 'no key is given here' : `given are ${[...known.keys()].join(', ')}`;
    throw unreadable(`a payload is encrypted with the key '${id}'; ${held}`);
  }
  try {
    const data = Buffer.from(payload.data ?? []);
    const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(data.subarray(-TAG_BYTES));
    const text = decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES));
    decipher.final();
    return wire.decode(text);
  } catch (cause) {
    throw unreadable(
      `a payload does not fit the key '${id}': another key has the same id, or it was changed`,
      cause,
    );
  }
}

function unreadable(message: string, cause?: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: UNREADABLE,
    ...(cause instanceof Error ? { cause } : {}),
  });
}

function textOf({ metadata }: Payload, name: string): string {
  const bytes = metadata?.[name];
  return bytes == null ? '' : Buffer.from(bytes).toString('utf8');
}
