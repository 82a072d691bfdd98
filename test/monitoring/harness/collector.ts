/** The real collector of OpenTelemetry, and the spans that it took. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { freePort } from '../../harness/cli.ts';
import { cachedPrograms, goBuild } from '../go-programs.ts';
import { withServer } from './server.ts';

/** What tools/collector/go.mod pins. */
const RELEASE = '0.161.0';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export type Span = {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: the first of its trace. */
  readonly parentSpanId: string;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
  readonly attributes: Attributes;
};

export type Collector = {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** Every span it has written down. */
  readonly spans: () => Promise<readonly Span[]>;
};

/** Where the program is. @throws Error where it is not cached and cannot be built */
export async function collectorProgram(): Promise<string> {
  const folder = await cachedPrograms({
    name: 'collector',
    release: RELEASE,
    title: 'the OpenTelemetry collector',
    programs: ['collector'],
    env: process.env,
    onProgress: (line) => void process.stderr.write(`${line}\n`),
    build: (desk, env) =>
      goBuild('collector', { out: join(desk, 'collector'), packages: ['.'], env }),
  });
  return join(folder, 'collector');
}

/** Hands one to `work` and ends it afterwards. */
export async function withCollector<T>(
  program: string,
  work: (collector: Collector) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'collector-'));
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const taken = join(folder, 'spans.jsonl');
  await writeFile(
    join(folder, 'collector.yml'),
    stringify({
      receivers: { otlp: { protocols: { http: { endpoint: address } } } },
      exporters: { file: { path: taken, flush_interval: '100ms' } },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: { traces: { receivers: ['otlp'], exporters: ['file'] } },
      },
    }),
  );
  const isReady = async (): Promise<boolean> => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${url}/v1/traces`, { method: 'POST', headers, body: '{}' })).ok;
  };
  try {
    const command = [program, '--config=collector.yml'];
    return await withServer({ title: 'the collector', command, cwd: folder, isReady }, () =>
      work({ url, spans: async () => spansIn(await readFile(taken, 'utf8')) }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Value = Readonly<Record<string, string | number | boolean>>;
type Written = { readonly key: string; readonly value: Value }[];
type Page = {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: Written };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Pick<Span, 'name' | 'traceId' | 'spanId'> & {
        readonly attributes?: Written;
        readonly parentSpanId?: string;
        readonly links?: Span['links'];
        readonly status: { readonly code?: number };
      })[];
    }[];
  }[];
};

const STATUS_ERROR = 2;

/** A line a batch, in the standard's own JSON; the last one may still be on its way. */
function spansIn(text: string): readonly Span[] {
  const lines = text.split('\n').slice(0, -1);
  return lines
    .flatMap((line) => (JSON.parse(line) as Page).resourceSpans ?? [])
    .flatMap(({ resource, scopeSpans }) =>
      scopeSpans
        .flatMap(({ spans }) => spans)
        .map(({ attributes, links = [], status, ...span }) => ({
          parentSpanId: '',
          ...span,
          service: String(attributesOf(resource.attributes)['service.name']),
          links,
          isError: status.code === STATUS_ERROR,
          attributes: attributesOf(attributes),
        })),
    );
}

/** Whole numbers are written as text there, and are numbers here. */
function attributesOf(written: Written = []): Attributes {
  return Object.fromEntries(
    written.map(({ key, value }) => {
      const what = Object.values(value)[0] ?? '';
      return [key, 'intValue' in value ? Number(what) : what];
    }),
  );
}
