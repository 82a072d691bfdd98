/** The two things asked of a server: whether its namespace can be used, and to keep closed workflows for longer. */

import { call, GRPC_OK } from './grpc-call.ts';

/** The namespace of every embedded engine. */
export const NAMESPACE = 'default';

const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService';
/** The development server's own setting is one day. */
const RETENTION_DAYS = 30;

/** In the answer of DescribeNamespace, in temporal/api/namespace/v1/message.proto, and in temporal/api/enums/v1/namespace.proto. */
const NAMESPACE_INFO = 1;
const STATE = 2;
const REGISTERED = 1;

/**
 * What can be said of a server's namespace. `spoilt`: it is there, and takes no workflow any more. Whoever reaches the
 * server can do that, and its database keeps it. `absent`: the server is not there, not ready, or hangs.
 */
export type NamespaceState = 'usable' | 'spoilt' | 'absent';

/** Asks a server. Never throws. */
export async function namespaceState(address: string, timeoutMs: number): Promise<NamespaceState> {
  try {
    const { status, message } = await call({
      address,
      path: `${SERVICE}/DescribeNamespace`,
      message: field(1, Buffer.from(NAMESPACE)),
      timeoutMs,
    });
    if (status !== GRPC_OK) return 'absent';
    const info = readField(message, NAMESPACE_INFO);
    const state = typeof info === 'object' ? readField(info, STATE) : undefined;
    return state === undefined || state === REGISTERED ? 'usable' : 'spoilt';
  } catch {
    return 'absent';
  }
}

/** True if workflows can be started on the server. Never throws. */
export async function isUsable(address: string, timeoutMs: number): Promise<boolean> {
  return (await namespaceState(address, timeoutMs)) === 'usable';
}

/** Keeps closed workflows for 30 days, for the UI. Never throws: the record of a run is its own file. */
export async function raiseRetention(address: string): Promise<void> {
  const seconds = Buffer.concat([Buffer.from([0x08]), varint(RETENTION_DAYS * 24 * 3600)]);
  const config = field(1, seconds);
  await call({
    address,
    path: `${SERVICE}/UpdateNamespace`,
    message: Buffer.concat([field(1, Buffer.from(NAMESPACE)), field(3, config)]),
    timeoutMs: 10_000,
  }).catch(() => undefined);
}

/** A length-delimited protobuf field; its number and its length must be small enough for one byte. */
function field(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** The first field of this number in a message: a number, or bytes. @throws Error if the message is cut off */
function readField(message: Buffer, wanted: number): number | Buffer | undefined {
  for (let at = 0; at < message.length;) {
    const tag = readVarint(message, at);
    const [number, wire] = [tag.value >> 3, tag.value & 7];
    // None of the fields before those that are looked for has another form.
    if (wire !== 0 && wire !== 2) break;
    const { value, end } = readVarint(message, tag.end);
    const last = wire === 0 ? end : end + value;
    if (number === wanted) return wire === 0 ? value : message.subarray(end, last);
    at = last;
  }
  return undefined;
}

function readVarint(
  bytes: Buffer,
  start: number,
): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start, factor = 1; at < bytes.length; at += 1, factor *= 128) {
    const byte = bytes[at]!;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new Error('the answer ends inside a number');
}
