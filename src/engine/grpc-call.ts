/**
 * One unary gRPC call over node's own HTTP/2. It exists for the seconds in which the engine comes up:
 * the client library takes longer to import than the server takes to start.
 */

import { connect } from 'node:http2';

/** gRPC status codes this layer tells apart. */
export const GRPC_OK = 0;

/**
 * The gRPC status of a call to `host:port`, and the message it answers.
 * @throws Error if the server is not there, hangs up, or does not answer within `timeoutMs`.
 */
export function call(options: {
  readonly address: string;
  /** Such as `/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace`. */
  readonly path: string;
  /** The request in protobuf's wire format. */
  readonly message: Uint8Array;
  readonly timeoutMs: number;
}): Promise<{ readonly status: number; readonly message: Buffer }> {
  const { address, path, message, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const session = connect(`http://${address}`);
    const timer = setTimeout(() => fail(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      session.destroy();
    };
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    const body: Buffer[] = [];
    let status: number | undefined;
    const note = (headers: Readonly<Record<string, unknown>>): void => {
      if (headers['grpc-status'] !== undefined) status = Number(headers['grpc-status']);
    };
    session.on('error', fail);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', fail);
    // A status arrives in the headers when there is no body, else in the trailers.
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('close', () => {
      if (status === undefined) return fail(new Error('the call ended without a status'));
      end();
      resolve({ status, message: Buffer.concat(body).subarray(FRAME_BYTES) });
    });
    stream.on('data', (chunk: Buffer) => body.push(chunk));
    stream.end(framed(message));
  });
}

/** What stands before a message: one byte for compression, four for the length. */
const FRAME_BYTES = 5;

function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(FRAME_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_BYTES);
  return frame;
}
