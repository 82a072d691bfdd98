/** What is said of the steps of a run that has ended: how many ended how, and of each that failed why. Pure. */

import type { Outcome } from './outcome.ts';

/** How words stand out where they are shown. */
export type Marks = {
  readonly status: (text: string) => string;
  readonly step: (text: string) => string;
};

const PLAIN: Marks = Object.freeze({
  status: (text: string) => text,
  step: (text: string) => text,
});

/** True for a step that ended its run badly by itself. */
export function isTrouble({ status }: Pick<Outcome, 'status'>): boolean {
  return status === 'FAIL' || status === 'TIMEOUT' || status === 'BUDGET_EXCEEDED';
}

/** Which step failed, in which attempt, why, what to do, and where its log lies. */
export function troubleLines(o: Outcome, marks: Marks = PLAIN): readonly string[] {
  const attempt = o.attempts > 0 ? ` in attempt ${o.attempts}` : '';
  const code = o.code === undefined ? '' : `${o.code}: `;
  const [first = '', ...rest] = (o.reason ?? 'no reason given').split('\n');
  return [
    `${marks.status(o.status)}  step ${marks.step(o.step)}${attempt}: ${code}${first}`,
    ...rest.map((line) => `      ${line}`),
    ...(o.hint === undefined ? [] : [`      ${o.hint}`]),
    ...(o.log === undefined ? [] : [`      log: ${o.log}`]),
  ];
}

/** `17 OK, 1 CACHED, 1 WARN`. */
export function countsOf(outcomes: readonly Pick<Outcome, 'status'>[]): string {
  const counts = new Map<string, number>();
  for (const { status } of outcomes) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, n]) => `${n} ${status}`).join(', ');
}
