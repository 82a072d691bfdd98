import { expect, test } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';

import { makePayloadCodec } from '../../src/payloads/codec.ts';

import type { Payload } from '@temporalio/common';
import type { PayloadKey } from '../../src/payloads/keys.ts';

const OLD: PayloadKey = { id: 'old', key: Buffer.alloc(32, 1) };
const NEW: PayloadKey = { id: 'new', key: Buffer.alloc(32, 2) };

const payloadOf = (value: unknown) => defaultPayloadConverter.toPayload(value);
const VALUE = { sql: 'select marker', list: [1, 'æ'] };
const plan = payloadOf(VALUE);
const valuesOf = async (payloads: Promise<readonly Payload[]>): Promise<readonly unknown[]> =>
  (await payloads).map((payload) => defaultPayloadConverter.fromPayload(payload));

async function encoded(key: PayloadKey) {
  const [payload] = await makePayloadCodec({ own: key, known: [] }).encode([plan]);
  return payload!;
}

test('what is encrypted shows nothing but the id of its key, is another text each time, and comes back as it was', async () => {
  const codec = makePayloadCodec({ own: OLD, known: [] });
  const payloads = [plan, payloadOf([]), payloadOf(undefined), payloadOf(Buffer.alloc(70_000, 9))];
  const sealed = await codec.encode(payloads);
  expect(Buffer.from(sealed[0]!.data!).toString('latin1')).not.toContain('marker');
  expect(Buffer.from(sealed[0]!.metadata!['encryption-key-id']!).toString()).toBe('old');
  expect((await codec.encode([plan]))[0]!.data).not.toEqual(sealed[0]!.data);
  const opened = await codec.decode(sealed);
  expect(opened.map((one) => defaultPayloadConverter.fromPayload(one))).toEqual(
    payloads.map((one) => defaultPayloadConverter.fromPayload(one)),
  );
});

test('a name stays readable; what came in clear is read as it is', async () => {
  const codec = makePayloadCodec({ own: OLD, known: [] });
  const name = payloadOf('first');
  expect(await codec.encode([name])).toEqual([name]);
  expect(await codec.decode([name, plan])).toEqual([name, plan]);
});

test('after a change of keys the old ones still read; without a key to write with all goes in clear', async () => {
  const both = makePayloadCodec({ own: NEW, known: [OLD] });
  expect(await valuesOf(both.decode([await encoded(OLD), await encoded(NEW)]))).toEqual([
    VALUE,
    VALUE,
  ]);
  const reader = makePayloadCodec({ known: [OLD] });
  expect(await reader.encode([plan])).toEqual([plan]);
  expect(await valuesOf(reader.decode([await encoded(OLD)]))).toEqual([VALUE]);
});

test('a key that is missing, or another one of the same id, or changed bytes, are said with a code', async () => {
  const read = (
    key: PayloadKey | undefined,
    change: (data: Uint8Array) => void = () => undefined,
  ) =>
    encoded(OLD).then(async (payload) => {
      change(payload.data!);
      return makePayloadCodec({ own: key, known: [] }).decode([payload]);
    });
  const type = 'PAYLOAD_KEY_MISSING';
  await expect(read(undefined)).rejects.toMatchObject({
    type,
    message: "a payload is encrypted with the key 'old'; no key is given here",
  });
  await expect(read(NEW)).rejects.toMatchObject({
    type,
    message: "a payload is encrypted with the key 'old'; given are new",
  });
  await expect(read({ ...NEW, id: 'old' })).rejects.toMatchObject({ type });
  await expect(read(OLD, (data) => (data[20]! ^= 1))).rejects.toMatchObject({ type });
  await expect(read(OLD, (data) => data.fill(0))).rejects.toMatchObject({ type });
});
