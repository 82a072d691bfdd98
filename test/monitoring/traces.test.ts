/** Traces as the real collector of OpenTelemetry takes them: of one command, and of a fleet. */

import { describe, expect, test } from '@jest/globals';

import { until, withProject } from '../harness/cli.ts';
import { collectorProgram, withCollector } from './harness/collector.ts';
import { withFleet } from './harness/fleet.ts';

import type { Span } from './harness/collector.ts';

/** Sends a span of its own under the one that TRACEPARENT names, as any program does that traces itself. */
const TRACED = `
const [, traceId, parentSpanId] = process.env.TRACEPARENT.split('-');
const spanId = parentSpanId.split('').reverse().join('');
const at = String(Date.now() * 1e6);
const span = { traceId, spanId, parentSpanId, name: 'in the command', kind: 1, startTimeUnixNano: at, endTimeUnixNano: at };
const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'command' } }] };
const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
const headers = { 'content-type': 'application/json' };
const { ok } = await fetch(process.env.OTEL_EXPORTER_OTLP_ENDPOINT + '/v1/traces', { method: 'POST', headers, body });
if (!ok || process.env.BUILDER_ATTEMPT === '1') process.exit(1);
`;

const FILES = {
  'traced.mjs': TRACED,
  'jobs/j.yaml': 'job: nightly\nprofile: p\n',
  'profiles/p.yaml': `
profile: p
defaults: { retry: { attempts: 3, backoff: 100ms } }
steps:
  load:
    uses: exec.command
    with: { shell: 'node "$PROGRAM"', pass_env: [PROGRAM, OTEL_EXPORTER_OTLP_ENDPOINT] }
  use: { uses: transform.sql, needs: [load], with: { sql: select 1 as id } }
`,
};
const CAUSE = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
const TRACEPARENT = `00-${CAUSE.traceId}-${CAUSE.spanId}-01`;

const program = await collectorProgram().catch((error: Error) => {
  process.stderr.write(
    `SKIPPED: traces in a real collector. It is not cached, and building it failed: ${error.message}\n`,
  );
  return undefined;
});
const taking = program === undefined ? describe.skip : describe;

/** Spans as a tree of lines, by name; those of one parent in the order of attempts, then names. */
function treeOf(spans: readonly Span[], parent = '', indent = ''): readonly string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .map((span) => ({ span, attempt: span.attributes['builder.attempt'] ?? '' }))
    .toSorted((a, b) => (`${a.attempt} ${a.span.name}` < `${b.attempt} ${b.span.name}` ? -1 : 1))
    .flatMap(({ span, attempt }) => [
      `${indent}${[span.service, span.name, attempt, span.isError ? 'ERROR' : ''].join(' ').trim()}`,
      ...treeOf(spans, span.spanId, `${indent}  `),
    ]);
}

const TREE = [
  'builder_cli nightly with p',
  '  builder_cli load',
  '    builder_cli exec.command 1 ERROR',
  '      command in the command',
  '    builder_cli exec.command 2',
  '      command in the command',
  '  builder_cli use',
  '    builder_cli transform.sql 1',
];

taking('where the collector can be had', () => {
  test('it has one trace of a run, with the retried step and what its command traced', () =>
    withCollector(program!, ({ url, spans }) =>
      withProject(FILES, async (project) => {
        const env = {
          ...{ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' },
          ...{ TRACEPARENT, PROGRAM: project.path('traced.mjs') },
        };
        const words = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];
        const { code, stderr } = await project.run(words, env);
        expect([code, stderr]).toEqual([0, expect.not.stringContaining('traces ')]);
        await until(async () => (await spans()).length >= TREE.length, 'all spans have come');
        const all = await spans();
        const tree = treeOf(all);
        process.stdout.write(`${tree.join('\n')}\n`);
        expect(tree).toEqual(TREE);
        expect(new Set(all.map(({ traceId }) => traceId)).size).toBe(1);
        const [run] = all.filter(({ parentSpanId }) => parentSpanId === '');
        expect(run?.links).toEqual([expect.objectContaining(CAUSE)]);
        const runId = run?.attributes['builder.run_id'];
        expect(runId).toMatch(/^nightly-/);
        for (const { service, attributes } of all.filter((span) => span.service !== 'command')) {
          expect([service, attributes['builder.run_id']]).toEqual(['builder_cli', runId]);
        }
      }),
    ));

  test('it is one trace as well where two workers of a service execute the steps', () =>
    withCollector(program!, ({ url, spans }) =>
      withProject(FILES, (project) =>
        withFleet({ project }, async ({ worker, call }) => {
          const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, PROGRAM: project.path('traced.mjs') };
          for (const _ of [1, 2]) await worker({ port: 0, env });
          expect((await call('out', [], env).ended).code).toBe(0);
          await until(async () => (await spans()).length >= TREE.length, 'all spans have come');
          expect(treeOf(await spans())).toEqual(TREE);
        }),
      ),
    ));
});
