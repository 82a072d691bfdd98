/**
 * A trace of each run: run, steps, attempts. Attempts are told by the worker that executed them, steps and runs by the
 * workflow's events, as metrics are. Off unless the standard variables ask for it, and never in the way of a step.
 */

import { endingOf, isExecuted } from '../model/endings.ts';
import { attemptIn } from '../model/items.ts';
import { fullName, nameIn } from '../model/nested.ts';
import { spanIdOf, traceIdOf, traceparentOf } from './ids.ts';
import { failureThrown } from '../model/failure.ts';
import { isFailure } from '../model/outcome.ts';

import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { RunEvent, RunKey } from '../model/events.ts';
import type { StepInput, StepResult } from '../model/step-result.ts';
import type { Span, SpanSender } from './open-telemetry.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export type Tracing = {
  /** For a worker: a span for each attempt. */
  readonly interceptor: ActivityInterceptorsFactory;
  /** Of the workflow's events: spans of steps and runs. */
  onEvent(key: RunKey, event: RunEvent): void;
  /** What an attempt hands to the commands it starts. */
  traceparent(input: StepInput): string;
  /** Sends what is left. Never rejects. */
  close(): Promise<void>;
};

/** A collector that hangs holds no command. */
const CLOSE_LIMIT_MS = 2_000;

/** True if the environment says where traces go, and does not say that there are none. */
export function wantsTraces(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  const wanted = env['OTEL_TRACES_EXPORTER'];
  if (wanted !== undefined && wanted !== '') return wanted === 'otlp';
  return (
    (env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '') !== '' ||
    (env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? '') !== ''
  );
}

/** Traces to a sender. `env` may hold the `TRACEPARENT` of what started this process. */
export function makeTracing(sender: SpanSender, env: Environment): Tracing {
  /** Telemetry costs no step its result. */
  const send = (span: Span): void => {
    try {
      sender.send(span);
    } catch {
      // It is missing in the trace.
    }
  };
  return {
    interceptor: (context) => ({
      inbound: {
        async execute(input, next) {
          const step = attemptIn(input.args);
          if (step === undefined) return next(input);
          const startMs = Date.now();
          const { workflowExecution } = context.info;
          const about = {
            ...attributesOf(step.run),
            'builder.step': nameOf(step),
            'builder.kind': step.step.kind,
            'builder.attempt': step.attempt,
            ...(workflowExecution === undefined
              ? {}
              : {
                  'temporal.workflow_id': workflowExecution.workflowId,
                  'temporal.run_id': workflowExecution.runId,
                }),
          };
          const ended = (attributes: Span['attributes'], error?: string): void =>
            send({
              ...idsOf(step),
              name: step.step.kind,
              startMs,
              endMs: Date.now(),
              attributes: { ...about, ...attributes },
              ...(error === undefined ? {} : { error }),
            });
          try {
            const output = (await next(input)) as StepResult;
            ended({ 'builder.result': 'ok', 'builder.reused': !isExecuted(output) });
            return output;
          } catch (error) {
            const failure = failureThrown(error);
            ended({ 'builder.result': endingOf(failure) }, failure.message);
            throw error;
          }
        },
      },
    }),
    onEvent: (key, event) => {
      const span = spanOf(key, event, env['TRACEPARENT']);
      if (span !== undefined) send(span);
    },
    traceparent: (input) => {
      const { run, attempt } = input;
      return traceparentOf({ runId: run.id, generation: run.generation }, nameOf(input), attempt);
    },
    close: () => sender.close(CLOSE_LIMIT_MS),
  };
}

/** The span that an event ends. Pure. */
export function spanOf(key: RunKey, event: RunEvent, causedBy?: string): Span | undefined {
  const traceId = traceIdOf(key.runId);
  const about = attributesOf({ id: key.runId, ...key });
  switch (event.type) {
    case 'step_ended': {
      const { inside, outcome } = event;
      const { kind, status, reason, attempts, elapsedMs, rowsIn, rowsOut } = outcome;
      const step = nameIn(inside?.within, outcome.step);
      const isError = isFailure(status);
      return {
        traceId,
        spanId: spanIdOf(key, step),
        parentId: inside === undefined ? spanIdOf(key) : spanIdOf(key, inside.within),
        name: step,
        startMs: event.atMs - elapsedMs,
        endMs: event.atMs,
        attributes: {
          ...about,
          ...(inside === undefined ? {} : { 'builder.profile': inside.profile }),
          'builder.step': step,
          'builder.kind': kind,
          'builder.status': status,
          'builder.attempts': attempts,
          ...(rowsIn === undefined ? {} : { 'builder.rows_in': rowsIn }),
          ...(rowsOut === undefined ? {} : { 'builder.rows_out': rowsOut }),
        },
        ...(isError ? { error: reason ?? status } : {}),
      };
    }
    case 'run_ended': {
      const { status, durationMs, atMs } = event;
      return {
        traceId,
        spanId: spanIdOf(key),
        name: `${key.job} with ${key.profile}`,
        startMs: atMs - durationMs,
        endMs: atMs,
        attributes: { ...about, 'builder.status': status, 'temporal.workflow_id': key.runId },
        ...(status === 'OK' || status === 'WARN' ? {} : { error: status }),
        ...(causedBy === undefined ? {} : { causedBy }),
      };
    }
    case 'run_started':
    case 'step_started':
    case 'step_waiting':
    case 'attempt_ended':
    case 'items_found':
    case 'item_ended':
    case 'items_ended':
      return undefined;
  }
}

function idsOf(input: StepInput): Pick<Span, 'traceId' | 'spanId' | 'parentId'> {
  const { run, step, attempt } = input;
  const started = { runId: run.id, generation: run.generation };
  return {
    traceId: traceIdOf(run.id),
    spanId: spanIdOf(started, fullName(input), attempt),
    parentId: spanIdOf(started, nameIn(run.within, step.id)),
  };
}

/** The step's name in the run. */
function nameOf({ run, step }: StepInput): string {
  return nameIn(run.within, step.id);
}

function attributesOf(run: {
  readonly id: string;
  readonly generation: number;
  readonly job: string;
  readonly profile: string;
}): Span['attributes'] {
  return {
    'builder.run_id': run.id,
    'builder.start': run.generation,
    'builder.job': run.job,
    'builder.profile': run.profile,
  };
}
