/**
 * One unary gRPC call over node's own HTTP/2. It exists for the seconds in which the engine comes up:
 * the client library takes longer to import than the server takes to start.
 */

import { connect } from 'node:http2';

/** gRPC status codes this layer tells apart. */
export const GRPC_OK = 0;

/**
 * The gRPC status of a call to `host:port`; the answer's body is not read.
 * @throws Error if the server is not there, hangs up, or does not answer within `timeoutMs`.
 */
export function callStatus(options: {
  readonly address: string;
  /** Such as `/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace`. */
  readonly path: string;
  /** The request in protobuf's wire format. */
  readonly message: Uint8Array;
  readonly timeoutMs: number;
}): Promise<number> {
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
    const answer = (headers: Readonly<Record<string, unknown>>): void => {
      const status = headers['grpc-status'];
      if (status === undefined) return;
      end();
      resolve(Number(status));
    };
    session.on('error', fail);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', fail);
    stream.on('close', () => fail(new Error('the call ended without a status')));
    // A status arrives in the headers when there is no body, else in the trailers.
    stream.on('response', answer);
    stream.on('trailers', answer);
    stream.resume();
    stream.end(framed(message));
  });
}

/** gRPC's frame: one byte for compression, four for the length. */
function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
