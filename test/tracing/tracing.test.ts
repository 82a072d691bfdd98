import { describe, expect, test } from '@jest/globals';

import { spanIdOf, traceIdOf, traceparentOf } from '../../src/tracing/ids.ts';
import { makeTracing, spanOf, wantsTraces } from '../../src/tracing/tracing.ts';

import type { RunEvent } from '../../src/model/events.ts';

const KEY = { runId: 'j-1', generation: 1, job: 'j', profile: 'p' };

test.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318/v1/traces' }, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' }, false],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'TRUE' }, false],
])('%j asks for traces: %p', (env, wants) => {
  expect(wantsTraces(env)).toBe(wants);
});

describe('ids', () => {
  test('have the form of the standard, and are the same wherever they are made', () => {
    expect(traceIdOf('j-1')).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdOf('j-1')).toBe(traceIdOf('j-1'));
    expect(traceparentOf(KEY, 'a', 2)).toBe(`00-${traceIdOf('j-1')}-${spanIdOf(KEY, 'a', 2)}-01`);
  });

  test('differ by run, start, step and attempt', () => {
    const ids = [
      spanIdOf(KEY),
      spanIdOf({ ...KEY, runId: 'j-2' }),
      spanIdOf({ ...KEY, generation: 2 }),
      spanIdOf(KEY, 'a'),
      spanIdOf(KEY, 'b'),
      spanIdOf(KEY, 'a', 1),
      spanIdOf(KEY, 'a', 2),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('spans', () => {
  const ended: RunEvent = {
    type: 'step_ended',
    atMs: 10_000,
    outcome: {
      step: 'a',
      kind: 'exec.command',
      status: 'FAIL',
      reason: 'exit code 3',
      attempts: 2,
      lost: 0,
      durationMs: 500,
      elapsedMs: 4_000,
      endedAtMs: 10_000,
    },
  };

  test('a step is one from its first attempt to its outcome, under its run', () => {
    expect(spanOf(KEY, ended)).toMatchObject({
      spanId: spanIdOf(KEY, 'a'),
      parentId: spanIdOf(KEY),
      name: 'a',
      startMs: 6_000,
      endMs: 10_000,
      error: 'exit code 3',
      attributes: { 'builder.status': 'FAIL', 'builder.attempts': 2, 'builder.run_id': 'j-1' },
    });
  });

  test('a run is the first of its trace, and is linked to what started it', () => {
    const header = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const event: RunEvent = { type: 'run_ended', atMs: 9_000, status: 'OK', durationMs: 8_000 };
    const span = spanOf(KEY, event, header);
    expect(span).toMatchObject({
      name: 'j with p',
      startMs: 1_000,
      endMs: 9_000,
      causedBy: header,
    });
    expect(span).not.toHaveProperty('parentId');
    expect(span).not.toHaveProperty('error');
  });

  test('a sender that throws costs nothing', () => {
    const broken = {
      send: () => {
        throw new Error('broken');
      },
      close: async () => undefined,
    };
    expect(() => makeTracing(broken, {}).onEvent(KEY, ended)).not.toThrow();
  });
});
