/** The two things asked of a fresh server: whether its namespace can be used, and to keep closed workflows for longer. */

import { callStatus, GRPC_OK } from './grpc-call.ts';

/** The namespace of every embedded engine. */
export const NAMESPACE = 'default';

const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService';
/** The development server's own setting is one day. */
const RETENTION_DAYS = 30;

/** True if workflows can be started on the server; false if it is not there, not ready, or hangs. Never throws. */
export async function isUsable(address: string, timeoutMs: number): Promise<boolean> {
  try {
    const status = await callStatus({
      address,
      path: `${SERVICE}/DescribeNamespace`,
      message: field(1, Buffer.from(NAMESPACE)),
      timeoutMs,
    });
    return status === GRPC_OK;
  } catch {
    return false;
  }
}

/** Keeps closed workflows for 30 days, for the UI. Never throws: the record of a run is its own file. */
export async function raiseRetention(address: string): Promise<void> {
  const seconds = Buffer.concat([Buffer.from([0x08]), varint(RETENTION_DAYS * 24 * 3600)]);
  const config = field(1, seconds);
  await callStatus({
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
