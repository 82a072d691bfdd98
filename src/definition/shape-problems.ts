/** Checks what was read against a zod schema, and says every mistake in words for people, where it was written. Pure. */

import { allowedKeys } from './schema-keys.ts';
import { holesIn, keyPlace, nearest, plainOf } from './located.ts';
import { didYouMean } from '../model/suggest.ts';
import { foundText, issueText } from './issue-text.ts';

import type { z } from 'zod';
import type { ErrorCode } from '../model/error-codes.ts';
import type { Problem } from '../model/errors.ts';
import type { Located, Path, Place, ScalarLocated } from './located.ts';

type Issue = z.core.$ZodIssue;

export type Shape<T> = { readonly value: T | undefined; readonly problems: readonly Problem[] };

/**
 * The value the schema makes of what was read, or every mistake in it. `what` names the value
 * ("step 'clean'"); `code` replaces the code of every problem (BAD_OPTION for options of a kind).
 * Nothing is said about holes and what holds them: those are reported already.
 */
export function shapeOf<T>(
  schema: z.ZodType<T>,
  located: Located,
  about: { readonly what: string; readonly code?: ErrorCode; readonly at?: Place },
): Shape<T> {
  const parsed = schema.safeParse(plainOf(located), { reportInput: true });
  if (parsed.success) return { value: parsed.data, problems: [] };
  const holes = holesIn(located);
  const problems = parsed.error.issues
    .flatMap(bestBranch)
    .filter((issue) => !holes.some((hole) => related(hole, issue.path as Path)))
    .flatMap((issue) => problemsOf(schema, located, issue, about.what, about.at))
    .map((problem) => (about.code === undefined ? problem : { ...problem, code: about.code }));
  return { value: undefined, problems };
}

function problemsOf(
  schema: z.ZodType,
  root: Located,
  issue: Issue,
  what: string,
  at: Place | undefined,
): readonly Problem[] {
  const path = issue.path as Path;
  const subject = [what, dotted(path)].filter((part) => part !== '').join(': ');
  if (issue.code === 'unrecognized_keys') {
    const allowed = allowedKeys(schema, path);
    return issue.keys.map((key) => ({
      code: 'UNKNOWN_KEY',
      ...keyPlace(root, [...path, key]),
      message:
        `unknown key '${key}'${subject === '' ? '' : ` in ${subject}`}` +
        (allowed.length > 0 ? `; allowed keys: ${allowed.join(', ')}` : '; no key is allowed here'),
      hint: didYouMean(key, allowed),
    })) as readonly Problem[];
  }

  const last = path.at(-1);
  const parent = path.length > 0 ? nearest(root, path.slice(0, -1)) : undefined;
  if (last !== undefined && parent?.kind === 'map' && !parent.entries.has(String(last))) {
    const where = [what, dotted(path.slice(0, -1))].filter((part) => part !== '').join(': ');
    const message = `${where === '' ? '' : `${where}: `}the key '${last}' is missing; ${issueText(issue)}`;
    const place = path.length === 1 ? (at ?? parent.at) : keyPlace(root, path.slice(0, -1));
    return [{ code: 'MISSING_KEY', ...place, message }];
  }

  const value = nearest(root, path);
  if (issue.code === 'invalid_key') {
    const text = issue.issues.map(issueText).join(', ');
    const message = `'${String(last)}' cannot be used as a name here; ${text}`;
    return [{ code: 'BAD_VALUE', ...keyPlace(root, path), message }];
  }
  const found = foundText(value);
  const about = subject === '' ? '' : `${subject}: `;
  const place = path.length === 0 ? (at ?? value.at) : value.at;
  return [
    {
      code: codeOf(issue),
      ...place,
      message:
        issue.code === 'custom'
          ? `${about}${issue.message}`
          : `${about}${found}; ${issueText(issue)}`,
      ...hintOf(issue, value),
    },
  ];
}

function codeOf(issue: Issue): ErrorCode {
  if (issue.code === 'custom') {
    const code: unknown = issue.params?.['code'];
    return typeof code === 'string' ? (code as ErrorCode) : 'BAD_VALUE';
  }
  // A fraction where a whole number belongs, and a wrong type where all branches differ in type.
  if (issue.code === 'invalid_type') return 'WRONG_TYPE';
  return issue.code === 'invalid_union' && issue.errors.length > 0 ? 'WRONG_TYPE' : 'BAD_VALUE';
}

function hintOf(issue: Issue, value: Located): { readonly hint?: string } {
  const values =
    issue.code === 'invalid_value'
      ? issue.values
      : issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)
        ? (issue.options as readonly unknown[])
        : [];
  if (value.kind !== 'scalar') return {};
  if (typeof value.value !== 'string') return plainHint(issue, value);
  const { value: text } = value;
  if (issue.code === 'invalid_type' && issue.expected === 'number' && isNumeric(text)) {
    return { hint: `Write ${text.trim()} without quotes.` };
  }
  if (
    issue.code === 'invalid_type' &&
    issue.expected === 'boolean' &&
    /^(yes|no|on|off)$/i.test(text)
  ) {
    return { hint: `Write ${/^(yes|on)$/i.test(text) ? 'true' : 'false'}.` };
  }
  const hint = didYouMean(
    value.value,
    values.filter((each) => typeof each === 'string'),
  );
  return hint === undefined ? {} : { hint };
}

/** What to write where a number or a boolean stands in the place of text. */
function plainHint(issue: Issue, { written }: ScalarLocated): { readonly hint?: string } {
  if (issue.code !== 'invalid_type' || issue.expected !== 'string' || written === undefined)
    return {};
  if (!issue.message.includes('duration')) return { hint: `Write '${written}' in quotes.` };
  return /^\d+$/.test(written)
    ? { hint: `Write ${written}s for seconds, ${written}m for minutes.` }
    : {};
}

/**
 * Of a union's branches the one that was most likely meant: its own issues replace the union's.
 * A union with words of its own tells its first branch, the plain form.
 */
function bestBranch(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const worded = issue.message !== 'Invalid input';
  const fits = worded
    ? issue.errors.slice(0, 1)
    : issue.errors.filter(
        (errors) => !errors.some((each) => each.code === 'invalid_type' && each.path.length === 0),
      );
  const best = fits.toSorted((a, b) => a.length - b.length)[0];
  if (best === undefined) return [issue];
  return best.map((each) => ({ ...each, path: [...issue.path, ...each.path] })).flatMap(bestBranch);
}

function isNumeric(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

function related(hole: Path, path: Path): boolean {
  const length = Math.min(hole.length, path.length);
  return hole.slice(0, length).every((key, i) => String(key) === String(path[i]));
}

function dotted(path: Path): string {
  return path.map(String).join('.');
}
