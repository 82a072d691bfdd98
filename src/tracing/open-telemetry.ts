/** The one place that knows the tracing library. It is optional, and loaded only where a trace is wanted. */

import type { SpanStatus } from '@opentelemetry/api';

export type Span = {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent: the first of its trace. */
  readonly parentId?: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** What went wrong; absent where nothing did. */
  readonly error?: string;
  /** W3C header of what caused it from outside. */
  readonly causedBy?: string;
};

export type SpanSender = {
  /** Queues a span; sends them in batches. Never throws. */
  send(span: Span): void;
  /** Sends what is queued, within the time. Never rejects. */
  close(withinMs: number): Promise<void>;
};

/** The one line that is said where traces are wanted and the library is missing. */
export const NOT_INSTALLED =
  'traces    off: the packages @opentelemetry/* are not installed (npm install --include=optional)';

/** Sends spans as the standard variables `OTEL_*` say; undefined where the library is not installed. */
export async function openSpanSender({
  version,
  onFailure,
}: {
  readonly version: string;
  /** Called once, with the first reason. */
  readonly onFailure: (reason: string) => void;
}): Promise<SpanSender | undefined> {
  const library = await loadLibrary();
  if (library === undefined) return undefined;
  const { api, sdk, resources, exporters } = library;
  let next = { traceId: '', spanId: '' };
  let isTold = false;
  const told = (reason: string): void => {
    if (isTold) return;
    isTold = true;
    onFailure(reason);
  };
  const exporter = new exporters.OTLPTraceExporter();
  const ofEnvironment = resources.detectResources({ detectors: [resources.envDetector] });
  const provider = new sdk.BasicTracerProvider({
    resource: resources
      .resourceFromAttributes({ 'service.name': 'builder_cli', 'service.version': version })
      .merge(ofEnvironment),
    sampler: new sdk.AlwaysOnSampler(),
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        export: (spans, done) =>
          exporter.export(spans, (result) => {
            if (result.error !== undefined) told(result.error.message);
            done(result);
          }),
        shutdown: () => exporter.shutdown(),
      }),
    ],
  });
  const tracer = provider.getTracer('builder_cli', version);
  return {
    send: (span) => {
      next = span;
      const { traceId, parentId, startMs: startTime, attributes } = span;
      const parent =
        parentId === undefined
          ? api.ROOT_CONTEXT
          : api.trace.setSpanContext(api.ROOT_CONTEXT, {
              traceId,
              spanId: parentId,
              traceFlags: api.TraceFlags.SAMPLED,
              isRemote: true,
            });
      const cause = contextOf(span.causedBy);
      const links = cause === undefined ? [] : [{ context: cause }];
      const options = { startTime, attributes, links, root: parentId === undefined };
      const started = tracer.startSpan(span.name, options, parent);
      if (span.error !== undefined) {
        const status: SpanStatus = { code: api.SpanStatusCode.ERROR, message: span.error };
        started.setStatus(status);
      }
      started.end(span.endMs);
    },
    close: async (withinMs) => {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          told(`what is left was not taken within ${withinMs} ms`);
          resolve();
        }, withinMs);
      });
      await Promise.race([provider.shutdown().catch(() => undefined), limit]);
      clearTimeout(timer);
    },
  };
}

function contextOf(header: string | undefined) {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags ?? '0', 16), isRemote: true };
}

async function loadLibrary() {
  try {
    const [api, sdk, resources, exporters] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-http'),
    ]);
    return { api, sdk, resources, exporters };
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
