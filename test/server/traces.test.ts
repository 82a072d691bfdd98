import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, jest, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

import type { AddressInfo } from 'node:net';

jest.setTimeout(120_000);

const FILES = {
  'jobs/j.yaml': 'job: j\nprofile: p\n',
  'profiles/p.yaml': `
profile: p
steps:
  first:
    uses: exec.command
    retry: { attempts: 2, backoff: 10ms }
    with:
      shell: 'printf "traceparent\\n%s\\n" "\${TRACEPARENT-none}" > t.csv; [ "$BUILDER_ATTEMPT" = 2 ]'
      outputs: { table: { path: t.csv, format: csv } }
  second: { uses: transform.sql, needs: [first], with: { sql: select * from first } }
  files: { uses: export.dataset, with: { from: second, formats: [csv] } }
`,
};
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];

type Received = {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly links?: readonly { readonly traceId: string }[];
  readonly status: { readonly code?: number; readonly message?: string };
};

type Page = { readonly resourceSpans: { readonly scopeSpans: { readonly spans: Received[] }[] }[] };

/** A receiver of OTLP over HTTP in JSON; one that hangs takes connections and says nothing. */
async function withReceiver(
  work: (about: {
    readonly url: string;
    readonly spans: () => readonly Received[];
  }) => Promise<void>,
  { hangs = false } = {},
): Promise<void> {
  const pages: Page[] = [];
  const server = createServer((request, response) => {
    if (hangs) return;
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      pages.push(JSON.parse(Buffer.concat(pieces).toString('utf8')) as Page);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const spans = (): readonly Received[] =>
    pages.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await work({ url, spans });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function attribute({ attributes }: Received, key: string): unknown {
  return Object.values(attributes.find((one) => one.key === key)?.value ?? {})[0];
}

test('a run is one trace of run, steps and attempts, and a command goes on with it', () =>
  withReceiver(({ url, spans }) =>
    withProject(FILES, async (project) => {
      const causing = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, TRACEPARENT: causing };
      const { code, stderr } = await project.run(RUN, env);
      expect([code, stderr]).toEqual([0, expect.stringContaining('OK')]);
      const all = spans();
      const [run, ...others] = all.filter(({ parentSpanId }) => !parentSpanId);
      expect([run?.name, others]).toEqual(['j with p', []]);
      expect(run?.links?.map(({ traceId }) => traceId)).toEqual(['a'.repeat(32)]);
      expect(new Set(all.map(({ traceId }) => traceId)).size).toBe(1);

      const steps = all.filter(({ parentSpanId }) => parentSpanId === run?.spanId);
      expect(steps.map(({ name }) => name).toSorted()).toEqual(['files', 'first', 'second']);
      const first = steps.find(({ name }) => name === 'first')!;
      const attempts = all.filter(({ parentSpanId }) => parentSpanId === first.spanId);
      const shown = attempts.map((span) => [
        attribute(span, 'builder.attempt'),
        attribute(span, 'builder.result'),
        span.status.code,
      ]);
      expect(shown).toEqual([
        [1, 'fail', 2],
        [2, 'ok', 0],
      ]);
      expect(attribute(attempts[0]!, 'temporal.workflow_id')).toMatch(/^j-/);
      const [, header = ''] = (await readFile(project.path('out/second.csv'), 'utf8')).split('\n');
      expect(header).toBe(`00-${run?.traceId}-${attempts[1]?.spanId}-01`);

      // What the store answers is a run, too.
      const before = spans().length;
      expect((await project.run(RUN, { OTEL_EXPORTER_OTLP_ENDPOINT: url })).code).toBe(0);
      const again = spans().slice(before);
      expect(again.filter(({ parentSpanId }) => !parentSpanId)).toHaveLength(1);
    }),
  ));

test.each([
  ['hangs', true],
  ['is not there', false],
])('a receiver that %s costs the run nothing, and is told', (_, hangs) =>
  withReceiver(
    ({ url }) =>
      withProject(FILES, async (project) => {
        const endpoint = hangs ? url : 'http://127.0.0.1:9';
        const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
        const { code, stderr } = await project.run(RUN, env);
        expect([code, stderr]).toEqual([0, expect.stringContaining('traces    not delivered: ')]);
        expect(await readdir(project.path('out'))).toContain('second.csv');
      }),
    { hangs },
  ),
);

test('without the variables nothing of it is loaded, and a command has no TRACEPARENT', () =>
  withProject(FILES, async (project) => {
    const loaded = async (env: Record<string, string>): Promise<boolean> => {
      const folder = await mkdtemp(join(tmpdir(), 'builder-test-loaded-'));
      try {
        await project.run(RUN, { ...env, NODE_V8_COVERAGE: folder });
        const texts = await Promise.all(
          (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
        );
        return texts.some((text) => text.includes('@opentelemetry/sdk-trace'));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    };
    expect(await loaded({})).toBe(false);
    expect(await readFile(project.path('out/second.csv'), 'utf8')).toBe('traceparent\nnone\n');
    expect(await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })).toBe(true);
  }));
