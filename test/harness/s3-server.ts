/**
 * A small S3 service in this process, in memory: honest about If-None-Match, If-Match, ETags, ranges, parts and what was
 * signed, and as bad as a test asks for. It looks at no credentials: the real server of `npm run test:s3` does.
 */

import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = {
  readonly method: string;
  /** Of the object, in the bucket; empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
};

/** `refuse`: answered with this number and code. `lose-request`: nothing happens. `lose-answer`: it happens, and nobody hears. `cut`: half of the answer. `twice`: what is between has made the request again. */
export type Fault =
  | { readonly refuse: number; readonly code: string }
  | 'lose-request'
  | 'lose-answer'
  | 'cut'
  | 'twice'
  | { readonly wait: Promise<unknown> };

export type S3Server = {
  readonly endpoint: string;
  /** Everything that was asked. */
  readonly asked: Asked[];
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, Upload>;
  /** Asked at each request; undefined: it goes well. */
  fault: (asked: Asked) => Fault | undefined;
  /** Milliseconds its clock is ahead. */
  aheadMs: number;
  /** Whether its answers tell the time. */
  tellsTime: boolean;
  /** Whether it keeps to If-None-Match. */
  isHonest: boolean;
  close(): Promise<void>;
};

type StoredObject = { readonly bytes: Buffer; readonly etag: string; readonly writtenMs: number };
type Upload = {
  readonly key: string;
  readonly begunMs: number;
  readonly parts: Map<number, Buffer>;
};
type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
};

export const BUCKET = 'builder';

/** Hands one with an empty bucket to `work`, and ends it afterwards. */
export async function withS3<T>(work: (server: S3Server) => Promise<T>): Promise<T> {
  const server = await startS3();
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

export async function startS3(port = 0): Promise<S3Server> {
  const http = createServer((request, response) => void answer(request, response));
  // A test that leaves it open keeps nobody waiting.
  http.on('connection', (socket) => socket.unref());
  http.listen(port, '127.0.0.1').unref();
  await once(http, 'listening');
  const { port: bound } = http.address() as AddressInfo;
  const server: S3Server = {
    endpoint: `http://127.0.0.1:${bound}`,
    asked: [],
    objects: new Map(),
    uploads: new Map(),
    fault: () => undefined,
    aheadMs: 0,
    tellsTime: true,
    isHonest: true,
    close: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', server.endpoint);
    const [, bucket = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
    const asked = { method: request.method ?? '', key: rest.join('/'), query: url.searchParams };
    server.asked.push(asked);
    const body = await bodyOf(request).catch(() => undefined);
    if (body === undefined) return;
    const fault = server.fault(asked);
    if (fault === 'lose-request') return void response.destroy();
    if (typeof fault === 'object' && 'wait' in fault) await fault.wait;
    if (fault === 'twice' && bucket === BUCKET) serve(server, asked, request, body);
    const refused = typeof fault === 'object' && 'refuse' in fault;
    const given = refused
      ? failed(fault.refuse, fault.code)
      : bucket === BUCKET
        ? serve(server, asked, request, body)
        : failed(404, 'NoSuchBucket');
    if (fault === 'lose-answer') return void response.destroy();
    const bytes = Buffer.from(given.body ?? '');
    response.sendDate = false;
    const now = new Date(Date.now() + server.aheadMs).toUTCString();
    response.writeHead(given.status, {
      ...(server.tellsTime ? { date: now } : {}),
      'content-length': given.headers?.['content-length'] ?? bytes.length,
      ...given.headers,
    });
    if (fault !== 'cut') return void response.end(asked.method === 'HEAD' ? undefined : bytes);
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  }
  return server;
}

function serve(server: S3Server, asked: Asked, request: IncomingMessage, body: Buffer): Answer {
  const { method, key, query } = asked;
  const signed = request.headers['x-amz-content-sha256'];
  if (typeof signed === 'string' && /^[0-9a-f]{64}$/.test(signed)) {
    const sha256 = createHash('sha256').update(body).digest('hex');
    if (sha256 !== signed) return failed(400, 'XAmzContentSHA256Mismatch');
  }
  if (key === '') return ofBucket(server, asked, body);
  if (query.has('uploads') || query.has('uploadId')) return ofUpload(server, asked, body);
  const there = server.objects.get(key);
  switch (method) {
    case 'PUT': {
      const { 'if-none-match': absent, 'if-match': etag } = request.headers;
      if (absent === '*' && there !== undefined && server.isHonest)
        return failed(412, 'PreconditionFailed');
      if (etag !== undefined && there?.etag !== etag) return failed(412, 'PreconditionFailed');
      return { status: 200, headers: { etag: put(server, key, body).etag } };
    }
    case 'DELETE':
      server.objects.delete(key);
      return { status: 204 };
    default:
      return there === undefined ? failed(404, 'NoSuchKey') : read(there, request.headers.range);
  }
}

function read({ bytes, etag, writtenMs }: StoredObject, range: string | undefined): Answer {
  const headers = { etag, 'last-modified': new Date(writtenMs).toUTCString() };
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (from === undefined || to === undefined) {
    return {
      status: 200,
      body: bytes,
      headers: { ...headers, 'content-length': `${bytes.length}` },
    };
  }
  const part = bytes.subarray(Number(from), Number(to) + 1);
  const place = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
  return { status: 206, body: part, headers: { ...headers, 'content-range': place } };
}

function ofBucket(server: S3Server, { method, query }: Asked, body: Buffer): Answer {
  if (method === 'POST' && query.has('delete')) {
    for (const key of valuesOf(String(body), 'Key')) server.objects.delete(key);
    return xml('<DeleteResult/>');
  }
  const prefix = query.get('prefix') ?? '';
  if (query.has('uploads')) {
    const found = [...server.uploads].filter(([, { key }]) => key.startsWith(prefix));
    const shown = found.map(
      ([id, { key, begunMs }]) =>
        `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${iso(begunMs)}</Initiated></Upload>`,
    );
    return xml(`<ListMultipartUploadsResult>${shown.join('')}</ListMultipartUploadsResult>`);
  }
  const after = query.get('start-after') ?? '';
  const keys = [...server.objects.keys()]
    .filter((key) => key.startsWith(prefix) && key > after)
    .sort();
  const most = Number(query.get('max-keys') ?? 1000);
  const shown = keys.slice(0, most).map((key) => {
    const { bytes, etag, writtenMs } = server.objects.get(key)!;
    return `<Contents><Key>${key}</Key><LastModified>${iso(writtenMs)}</LastModified><ETag>${etag}</ETag><Size>${bytes.length}</Size></Contents>`;
  });
  const isMore = keys.length > most;
  return xml(
    `<ListBucketResult><IsTruncated>${isMore}</IsTruncated>${shown.join('')}</ListBucketResult>`,
  );
}

function ofUpload(server: S3Server, { method, key, query }: Asked, body: Buffer): Answer {
  if (query.has('uploads')) {
    const id = randomBytes(8).toString('hex');
    const begunMs = Date.now() + server.aheadMs;
    server.uploads.set(id, { key, begunMs, parts: new Map() });
    return xml(
      `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  }
  const id = query.get('uploadId') ?? '';
  const upload = server.uploads.get(id);
  if (upload === undefined) return failed(404, 'NoSuchUpload');
  if (method === 'PUT') {
    upload.parts.set(Number(query.get('partNumber')), body);
    return { status: 200, headers: { etag: etagOf(body) } };
  }
  server.uploads.delete(id);
  if (method === 'DELETE') return { status: 204 };
  const numbers = valuesOf(String(body), 'PartNumber').map(Number);
  const parts = numbers.map((number) => upload.parts.get(number));
  if (parts.some((part) => part === undefined)) return failed(400, 'InvalidPart');
  const { etag } = put(server, key, Buffer.concat(parts as Buffer[]));
  return xml(`<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`);
}

function put(server: S3Server, key: string, bytes: Buffer): StoredObject {
  const object = { bytes, etag: etagOf(bytes), writtenMs: Date.now() + server.aheadMs };
  server.objects.set(key, object);
  return object;
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function valuesOf(text: string, tag: string): readonly string[] {
  return [...text.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, 'g'))].map(([, value]) => value!);
}

function xml(body: string): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0"?>${body}`,
  };
}

function failed(status: number, code: string): Answer {
  return { ...xml(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`), status };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
