/** Conditions of options (`where`, `expression`) as queries that an engine can look at, and what they must be. Pure. */

import { fits } from './option-roles.ts';

import type { Binder, Visible } from '../model/binder.ts';
import type { CheckedStep } from './checked-step.ts';
import type { Draft, Query } from './query.ts';

/** Text around a user's. */
export type Frame = {
  readonly before: string;
  readonly after: string;
  /** Of a condition: its table, as SQL. */
  readonly of?: string;
};

/** What stands around a condition to make a query of it; nothing around a query. */
export function frameOf({ spec, options }: CheckedStep, { path }: Query): Frame | undefined {
  const keys = path.split('.');
  const condition = Object.entries(spec?.roles?.conditions ?? {}).find(([at]) => fits(at, keys));
  if (condition === undefined) return { before: '', after: '' };
  const table: unknown = isMapping(options) ? options[condition[1]] : undefined;
  if (typeof table !== 'string' || !/^[a-z0-9_.]+$/.test(table)) return undefined;
  const name = table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
  return { before: `select * from ${name} where (\n`, after: '\n)', of: name };
}

/** What a condition must be and is not; undefined where nothing is known to be wrong with it. */
export async function conditionTrouble(
  { text, binds, isOpen }: Draft,
  table: string,
  visible: Visible,
  binder: Binder,
): Promise<string | undefined> {
  if (!(await binder.isExpression(text))) return 'one SQL condition';
  if (isOpen) return undefined;
  const bound = await binder.bind({
    text: `select (\n${text}\n) as x from ${table}`,
    binds,
    ...visible,
  });
  const type = bound.problem === undefined ? bound.shape?.columns[0]?.type : undefined;
  return type === undefined || type === 'BOOLEAN'
    ? undefined
    : `true or false for a row (it gives ${type})`;
}

/** What the engine says of a condition, without the parenthesis that we wrote behind it. */
export function withoutFrame(message: string, { after }: Frame): string {
  if (after === '') return message;
  return message
    .replace('syntax error at or near ")"', 'syntax error at end of input')
    .replace(`${after}"`, '"');
}

function isMapping(options: unknown): options is Readonly<Record<string, unknown>> {
  return typeof options === 'object' && options !== null;
}
