/** What a reference can name, and what each name stands for. Pure. */

import { OUTCOME_PARTS, RUN_PARTS } from '../model/plan-nodes.ts';
import { didYouMean } from '../model/suggest.ts';

import type { ErrorCode } from '../model/error-codes.ts';
import type { Partition } from '../model/partition.ts';
import type { Scalar } from '../model/plan.ts';
import type { ConcatNode, Mention, OutcomePart, RefNode, SqlType } from '../model/plan-nodes.ts';
import type { Reference } from './reference.ts';

/** The first words a reference can have. */
export const ROOTS = [
  'params',
  'inputs',
  'job',
  'run',
  'partition',
  'item',
  'steps',
  'secrets',
] as const;
export type Root = (typeof ROOTS)[number];

export type Found =
  | { readonly kind: 'value'; readonly value: Scalar; readonly type?: SqlType }
  | ({ readonly kind: 'step' } & Mention)
  | { readonly kind: 'secret'; readonly name: string }
  /** A parameter that the profile is given as a step, and whose value is known only then. */
  | { readonly kind: 'given'; readonly name: string; readonly node: GivenNode }
  /** The item of the step's `foreach`, or one column of it. */
  | { readonly kind: 'item'; readonly field?: string }
  /** It exists, but its value is reported as wrong elsewhere. */
  | { readonly kind: 'hole' }
  | {
      readonly kind: 'wrong';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint?: string;
    };

/** What a parameter of a nested profile may be, as those in it see it. */
export type GivenNode = RefNode | ConcatNode;
/** What an item of a step is: a value, or a row; `columns` where they are known. */
export type ItemScope =
  | { readonly kind: 'value' }
  | { readonly kind: 'row'; readonly columns?: ReadonlySet<string> }
  /** A problem says what is wrong with the list. */
  | { readonly kind: 'hole' };

/** Everything references can name in one definition. Undefined values are holes. */
export type Scope = {
  readonly params: ReadonlyMap<string, Scalar | undefined>;
  /** What a parameter is in a query. */
  readonly types: ReadonlyMap<string, SqlType>;
  readonly inputs: ReadonlyMap<string, string | undefined>;
  readonly job: string | undefined;
  /** `run.date`, YYYY-MM-DD. */
  readonly date: string;
  /** Undefined: the job is not cut. */
  readonly partition: Partition | 'hole' | undefined;
  readonly steps: ReadonlySet<string>;
  /** Of a profile that is used as a step. */
  readonly nested?: {
    /** The step it is. */
    readonly step: string;
    /** The path of that step. */
    readonly path: string;
    /** Parameters whose values are not known yet. */
    readonly open: ReadonlyMap<string, GivenNode>;
    /** Told of each parameter that is named. */
    readonly onParam: (name: string) => void;
  };
  /** Lists that parameters are, by name. */
  readonly lists?: ReadonlyMap<string, readonly string[] | undefined>;
  /** Undefined: the step has no `foreach`. */
  readonly item?: ItemScope;
};

/** What a reference stands for; `wrong` for an unknown name, never an empty value. */
export function lookUp(scope: Scope, { name, names }: Reference): Found {
  const [root, second, third, fourth] = names;
  switch (root) {
    case 'params':
    case 'inputs': {
      const known = scope[root];
      if (second === undefined || names.length !== 2) return malformed(name, `${root}.name`);
      if (root === 'params') scope.nested?.onParam(second);
      const open = root === 'params' ? scope.nested?.open.get(second) : undefined;
      if (open !== undefined) return { kind: 'given', name: second, node: open };
      if (known.has(second)) {
        return valueOrHole(
          known.get(second),
          root === 'params' ? scope.types.get(second) : undefined,
        );
      }
      const { nested } = scope;
      if (root === 'inputs' || nested === undefined) {
        const what = `the job has no ${root === 'params' ? 'parameter' : 'input'}`;
        return unknown(name, what, second, [...known.keys()]);
      }
      const all = [...known.keys(), ...nested.open.keys()];
      const gives = `, and step '${nested.step}' gives none`;
      return unknown(name, 'the job has no parameter', second, all, gives);
    }
    case 'job':
      return name === 'job.name' ? valueOrHole(scope.job) : malformed(name, 'job.name');
    case 'run':
      if (name === 'run.date') return { kind: 'value', value: scope.date };
      return runOutcome(name, second, names.length);
    case 'partition':
      return partitionValue(scope.partition, name, second);
    case 'item':
      return itemValue(scope.item, name, names);
    case 'secrets':
      if (second === undefined || names.length !== 2) return malformed(name, 'secrets.NAME');
      return { kind: 'secret', name: second };
    case 'steps': {
      const form =
        'steps.id.outputs.name, steps.id.values.name, steps.id.status or steps.id.message';
      const part = partOf(third, fourth);
      if (second === undefined || part === undefined || names.length > 4) {
        return malformed(name, form);
      }
      if (!scope.steps.has(second)) {
        return unknown(name, 'the profile has no step', second, [...scope.steps]);
      }
      return { kind: 'step', step: second, ...part };
    }
    default: {
      const hint = didYouMean(root ?? '', ROOTS);
      const message = `unknown reference '${name}'; a reference starts with ${ROOTS.join(', ')}`;
      return { kind: 'wrong', code: 'UNKNOWN_REFERENCE', message, ...(hint && { hint }) };
    }
  }
}

type Part =
  | { readonly part: 'outputs' | 'values'; readonly name: string }
  | { readonly part: 'outcome'; readonly name: OutcomePart };

function partOf(third: string | undefined, fourth: string | undefined): Part | undefined {
  const name = OUTCOME_PARTS.find((part) => part === third);
  if (name !== undefined) return fourth === undefined ? { part: 'outcome', name } : undefined;
  if (fourth === undefined || (third !== 'outputs' && third !== 'values')) return undefined;
  return { part: third, name: fourth };
}

function runOutcome(name: string, second: string | undefined, parts: number): Found {
  const found = RUN_PARTS.find((part) => part === second);
  if (found !== undefined && parts === 2) return { kind: 'step', part: 'run', name: found };
  return malformed(name, ['date', ...RUN_PARTS].map((part) => `run.${part}`).join(', '));
}

function partitionValue(
  partition: Scope['partition'],
  name: string,
  part: string | undefined,
): Found {
  if (partition === undefined) {
    const message = `unknown reference '${name}': the job has no key 'partition'`;
    return { kind: 'wrong', code: 'UNKNOWN_REFERENCE', message };
  }
  if (part !== 'id' && part !== 'start' && part !== 'end') {
    return malformed(name, 'partition.id, partition.start, partition.end');
  }
  if (partition === 'hole') return { kind: 'hole' };
  const value = partition[part];
  if (value === undefined) {
    const message = `unknown reference '${name}'; an item of a list has partition.id alone`;
    return { kind: 'wrong', code: 'UNKNOWN_REFERENCE', message };
  }
  return { kind: 'value', value, ...(part === 'id' ? {} : { type: 'DATE' as const }) };
}

function itemValue(item: ItemScope | undefined, name: string, names: readonly string[]): Found {
  const [, field] = names;
  switch (item?.kind) {
    case undefined: {
      const message = `unknown reference '${name}': the step has no key 'foreach'`;
      return { kind: 'wrong', code: 'UNKNOWN_REFERENCE', message };
    }
    case 'hole':
      return { kind: 'hole' };
    case 'value':
      return names.length === 1 ? { kind: 'item' } : malformed(name, 'item');
    case 'row': {
      if (field === undefined || names.length !== 2) return malformed(name, 'item.column');
      if (item.columns !== undefined && !item.columns.has(field)) {
        return unknown(name, 'the items have no column', field, [...item.columns]);
      }
      return { kind: 'item', field };
    }
  }
}

function valueOrHole(value: Scalar | undefined, type?: SqlType): Found {
  if (value === undefined) return { kind: 'hole' };
  return { kind: 'value', value, ...(type === undefined ? {} : { type }) };
}

function malformed(name: string, form: string): Found {
  const message = `unknown reference '${name}'; allowed here: ${form}`;
  return { kind: 'wrong', code: 'UNKNOWN_REFERENCE', message };
}

function unknown(
  name: string,
  what: string,
  wanted: string,
  known: readonly string[],
  more = '',
): Found {
  const hint = didYouMean(wanted, known);
  const message = `unknown reference '${name}': ${what} '${wanted}'${more}; ${listed(known)}`;
  return { kind: 'wrong', code: 'UNKNOWN_REFERENCE', message, ...(hint && { hint }) };
}

/** "known: a, b, c" for a message, cut where it gets long. */
export function listed(known: readonly string[]): string {
  if (known.length === 0) return 'there is none';
  return `known: ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', ...' : ''}`;
}
