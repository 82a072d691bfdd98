/** What a hook tells of a run that has ended: the sentence of the terminal, and the same as data. Pure. */

import { boundText } from './bounded-text.ts';
import { formatDuration } from './duration.ts';
import { failureMessage } from './failure-message.ts';
import { shellWord } from './shell-word.ts';
import { countsOf, troubleLines } from './trouble.ts';
import { isFailure } from './outcome.ts';

import type { HookEvent, HookWord } from './hook.ts';
import type { Plan } from './plan.ts';
import type { RunStatus } from './outcome.ts';
import type { RunSummary } from './run-summary.ts';

/** One thing that went wrong; `step` is null for what is no step's: the delivery, or a definition that is broken. */
type HookFailure = {
  readonly step: string | null;
  readonly status: string;
  readonly code: string | null;
  readonly message: string;
  readonly hint: string | null;
  readonly attempts: number;
  readonly failed_checks: readonly string[];
  readonly rows_rejected: number | null;
  readonly log: string | null;
};

/** As it is posted in the format `json`, and as a command reads it. Times are ISO 8601 in UTC. */
export type HookMessage = {
  readonly version: 1;
  readonly event: HookEvent;
  /** The same for every try of this hook about this end of this run: who has seen it drops the second. */
  readonly key: string;
  readonly title: string;
  readonly text: string;
  readonly job: string;
  readonly profile: string;
  readonly partition: string | null;
  readonly run_id: string;
  readonly status: RunStatus;
  readonly started_at: string;
  readonly finished_at: string;
  readonly duration_ms: number;
  readonly failures: readonly HookFailure[];
  /** The folder it delivers to. */
  readonly out: string | null;
  /** The folder of its record and logs. */
  readonly log: string;
  /** The command that goes on; null for a good run. */
  readonly resume: string | null;
  /** Its page in Temporal's UI, where one stays up. */
  readonly url: string | null;
};

/** A run that has ended, before it is told to anybody. */
export type EndedRun = Omit<HookMessage, 'event' | 'key' | 'title'>;

/** Most letters of the text: what is longer is in the log. */
const MOST_BYTES = 8_000;
const MOST_FAILURES = 10;

/** What can be told of a run. */
export function endedRun(about: {
  readonly plan: Plan;
  readonly summary: RunSummary;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAtMs: number;
  /** Of the part that this process saw, as the terminal says. */
  readonly elapsedMs: number;
  readonly stateDir: string;
  /** Absolute. */
  readonly folder: string;
  readonly url?: string | undefined;
}): EndedRun {
  const { plan, summary, startedAt, endedAtMs, elapsedMs, stateDir, folder, url } = about;
  const { id: runId, out } = plan.run;
  const { status, delivery } = summary;
  // One that could not be begun is begun anew by what ordered it.
  const resume =
    isGoodStatus(status) || summary.refusal !== undefined
      ? undefined
      : `builder_cli resume ${shellWord(runId)} --state-dir ${shellWord(stateDir)}`;
  const lines = [
    [status, runId, countsOf(summary.outcomes), `in ${formatDuration(elapsedMs)}`]
      .filter((word) => word !== '')
      .join('  '),
    ...troublesIn(summary),
    ...warningsIn(summary),
    ...(out === undefined
      ? []
      : [`out       ${out}${delivery === undefined ? ' was not touched' : ''}`]),
    `record    ${folder}`,
    ...(url === undefined ? [] : [`history   ${url}`]),
    ...(resume === undefined ? [] : [`go on     ${resume}`]),
  ];
  return {
    version: 1,
    text: boundText(lines.join('\n'), MOST_BYTES),
    job: plan.job,
    profile: plan.profile,
    partition: plan.partition?.id ?? null,
    run_id: runId,
    status,
    started_at: startedAt,
    finished_at: new Date(endedAtMs).toISOString(),
    duration_ms: elapsedMs,
    failures: failuresIn(summary),
    out: out ?? null,
    log: folder,
    resume: resume ?? null,
    url: url ?? null,
  };
}

/** The message of one hook. */
export function hookMessage(run: EndedRun, event: HookEvent, key: string): HookMessage {
  const { version, ...rest } = run;
  const of = run.partition === null ? '' : `, partition ${run.partition}`;
  const again = event === 'recovery' ? 'is good again: ' : '';
  const title = `${run.job} with ${run.profile}${of}: ${again}${run.status}`;
  return { version, event, key, title, ...rest };
}

/** What `${{ ... }}` of a hook stands for. */
export function wordsOf(message: HookMessage): Readonly<Record<HookWord, string>> {
  const [failure] = message.failures;
  return {
    'hook.event': message.event,
    'hook.key': message.key,
    'message.title': message.title,
    'message.text': message.text,
    'job.name': message.job,
    'profile.name': message.profile,
    'partition.id': message.partition ?? '',
    'run.id': message.run_id,
    'run.status': message.status,
    'run.started_at': message.started_at,
    'run.finished_at': message.finished_at,
    'run.duration': formatDuration(message.duration_ms),
    'run.log': message.log,
    'run.out': message.out ?? '',
    'run.resume': message.resume ?? '',
    'run.url': message.url ?? '',
    'failure.step': failure?.step ?? '',
    'failure.code': failure?.code ?? '',
    'failure.message': failure?.message ?? '',
  };
}

/** True for a run that delivered, or had nothing to deliver. */
export function isGoodStatus(status: string): boolean {
  return status === 'OK' || status === 'WARN';
}

function troublesIn(summary: RunSummary): readonly string[] {
  const failed = summary.outcomes.filter(({ status }) => isFailure(status));
  const lines = failed.slice(0, MOST_FAILURES).flatMap((outcome) => troubleLines(outcome));
  const more = failed.length - MOST_FAILURES;
  if (more > 0) lines.push(`and ${more} more that failed`);
  const { deliveryFailure, refusal } = summary;
  if (refusal?.hint !== undefined) return [refusal.message, `      ${refusal.hint}`];
  if (deliveryFailure !== undefined) {
    lines.push(`delivery  ${deliveryFailure.code}: ${deliveryFailure.message}`);
    if (deliveryFailure.hint !== undefined) lines.push(`      ${deliveryFailure.hint}`);
  }
  // A run can end badly with no step to name: its budget ended while all were waiting.
  return lines.length > 0 || isGoodStatus(summary.status) ? lines : [failureMessage(summary)];
}

function warningsIn({ outcomes }: RunSummary): readonly string[] {
  return outcomes.flatMap(({ step, status, failedChecks = [] }) =>
    status === 'WARN' && failedChecks.length > 0
      ? [`checks    ${step}: ${failedChecks.join(', ')}`]
      : [],
  );
}

function failuresIn({ outcomes, ...summary }: RunSummary): readonly HookFailure[] {
  const steps = outcomes
    .filter(({ status }) => isFailure(status))
    .slice(0, MOST_FAILURES)
    .map((o) => ({
      step: o.step,
      status: o.status,
      code: o.code ?? null,
      message: o.reason ?? 'no reason given',
      hint: o.hint ?? null,
      attempts: o.attempts,
      failed_checks: o.failedChecks ?? [],
      rows_rejected: o.rowsRejected ?? null,
      log: o.log ?? null,
    }));
  const ofNoStep = summary.refusal ?? summary.deliveryFailure;
  if (ofNoStep === undefined) return steps;
  const { code, message, hint, log, failedChecks, rowsRejected } = ofNoStep;
  return [
    ...steps,
    {
      step: null,
      status: 'FAIL',
      code,
      message,
      hint: hint ?? null,
      attempts: 0,
      failed_checks: failedChecks ?? [],
      rows_rejected: rowsRejected ?? null,
      log: log ?? null,
    },
  ];
}
