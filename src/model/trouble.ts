/** What is said of the steps of a run that has ended: how many ended how, and of each that failed why. Pure. */

import { failedOf } from './items.ts';

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

/** Which step failed, in which attempt, why, what to do, and where its log lies. */
export function troubleLines(o: Outcome, marks: Marks = PLAIN): readonly string[] {
  const attempt = o.attempts > 0 ? ` in attempt ${o.attempts}` : '';
  const code = o.code === undefined ? '' : `${o.code}: `;
  const [first = '', ...rest] = (o.reason ?? 'no reason given').split('\n');
  return [
    `${marks.status(o.status)}  step ${marks.step(o.step)}${attempt}: ${code}${first}`,
    ...rest.map((line) => `      ${line}`),
    ...(o.hint === undefined ? [] : [`      ${o.hint}`]),
    ...failedItemLines(o.items).map((line) => `      ${line}`),
    ...(o.log === undefined ? [] : [`      log: ${o.log}`]),
  ];
}

/** `17 OK, 1 CACHED, 1 WARN`. */
export function countsOf(outcomes: readonly Pick<Outcome, 'status'>[]): string {
  const counts = new Map<string, number>();
  for (const { status } of outcomes) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, n]) => `${n} ${status}`).join(', ');
}

/** The first of the items that failed, each with its log; of how many more only the step's log tells. */
export function failedItemLines(items: Outcome['items']): readonly string[] {
  const failed = items?.failed ?? [];
  if (items === undefined || failed.length === 0) return [];
  const shown = failed.slice(0, MOST_ITEMS_SHOWN).map(({ item, status, reason = '', log }) => {
    const [why = ''] = reason.split('\n');
    const words = [`item ${item}  ${status}`, why, ...(log === undefined ? [] : [`log: ${log}`])];
    return words.filter((word) => word !== '').join('  ');
  });
  const more = failedOf(items.counts) - shown.length;
  return more > 0 ? [...shown, `and ${more} more; the step's log names them all`] : shown;
}

const MOST_ITEMS_SHOWN = 5;
