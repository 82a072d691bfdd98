/** A receiver of hooks on the loopback: it keeps what it gets, and can be away, hang, refuse or break off. */

import { createServer } from 'node:http';

import type { AddressInfo } from 'node:net';
import type { IncomingHttpHeaders, Server } from 'node:http';

export type Received = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type Receiver = {
  readonly url: string;
  readonly port: number;
  /** In the order of arrival, refused ones too. */
  readonly got: readonly Received[];
  /** Keys that it has answered well. */
  keys(): readonly string[];
  close(): Promise<void>;
};

type Behaviour = number | 'hangs' | 'breaks off' | { readonly redirect: string };

/** Listens on a port of its own, or the one that it is given. `behave`: what it does with the nth request, from 1. */
export async function openReceiver({
  port = 0,
  behave = () => 200,
  retryAfter = [],
}: {
  readonly port?: number;
  readonly behave?: (n: number) => Behaviour;
  /** What it asks for in its first answers. */
  readonly retryAfter?: readonly string[];
} = {}): Promise<Receiver> {
  const got: Received[] = [];
  const good: string[] = [];
  const server: Server = createServer((request, answer) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      got.push({ method, path, headers, body });
      const how = behave(got.length);
      if (how === 'hangs') return;
      if (how === 'breaks off') return void request.socket.destroy();
      if (typeof how === 'object') {
        return void answer.writeHead(307, { location: how.redirect }).end();
      }
      const asked = retryAfter[got.length - 1];
      if (asked !== undefined) answer.setHeader('retry-after', asked);
      if (how < 300) good.push(String(headers['idempotency-key']));
      answer.writeHead(how).end(how < 300 ? 'ok' : 'no such hook');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    got,
    keys: () => good,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A receiver while `work` lasts. */
export async function withReceiver(
  options: Parameters<typeof openReceiver>[0],
  work: (receiver: Receiver) => Promise<void>,
): Promise<void> {
  const receiver = await openReceiver(options);
  try {
    await work(receiver);
  } finally {
    await receiver.close();
  }
}
