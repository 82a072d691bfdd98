/** Checks what was read against a zod schema, and says every mistake in words for people, where it was written. Pure. */

import { allowedKeys } from './schema-keys.ts';
import { holesIn, keyPlace, nearest, plainOf } from './located.ts';
import { belongs, meantBy } from './other-words.ts';
import { durationMend, mendOf } from './mends.ts';
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
  const issues = parsed.error.issues.flatMap(bestBranch);
  const problems = issues
    .filter((issue) => !isFollowOn(issue, issues, { schema, located }))
    .filter((issue) => !holes.some((hole) => related(hole, issue.path as Path)))
    .flatMap((issue) => problemsOf(schema, located, issue, about.what, about.at))
    .map((problem) => (about.code === undefined ? problem : { ...problem, code: about.code }));
  return { value: undefined, problems };
}

/** True for what is only wrong because something else is: a mapping or value that has other problems, a key that was written in another word. */
function isFollowOn(
  issue: Issue,
  all: readonly Issue[],
  { schema, located }: { readonly schema: z.ZodType; readonly located: Located },
): boolean {
  const path = dotted(issue.path as Path);
  if (issue.code === 'custom') {
    return all.some(
      (other) =>
        dotted(other.path as Path) === path &&
        other.code !== 'custom' &&
        (other.code !== 'unrecognized_keys' ||
          other.keys.some((key) => meantBy(key, allowedKeys(schema, other.path as Path)))),
    );
  }
  const last = issue.path.at(-1);
  const parent = issue.path.slice(0, -1) as Path;
  const holder = nearest(located, parent);
  if (last === undefined || holder.kind !== 'map' || holder.entries.has(String(last))) return false;
  return isMeant(String(last), [...holder.entries.keys()], allowedKeys(schema, parent));
}

const OPTIONS_STAND = 'Options of the kind stand under `with`.';

function isStep(allowed: readonly string[]): boolean {
  return allowed.includes('uses') && allowed.includes('with');
}

/** True if one of the keys, none of which is allowed, most likely stands for `key`. */
export function isMeant(
  key: string,
  written: readonly string[],
  allowed: readonly string[],
): boolean {
  return written
    .filter((each) => !allowed.includes(each))
    .some((each) => meantBy(each, allowed)?.includes(`'${key}'`) === true);
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
      hint:
        belongs(key, allowed) ??
        meantBy(key, allowed) ??
        (isStep(allowed) ? OPTIONS_STAND : undefined),
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
    const near = nearName(String(last));
    const hint =
      text.includes('small letter') && near !== undefined ? { hint: `Such as '${near}'.` } : {};
    return [{ code: 'BAD_VALUE', ...keyPlace(root, path), message, ...hint }];
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
      ...hintOf(issue, value, [...what.split('.'), ...path]),
    },
  ];
}

/** `my_step` of `My-step`; undefined where nothing but `_` stands between its letters already. */
function nearName(name: string): string | undefined {
  const near = name.toLowerCase().replaceAll(/[\s.-]+/g, '_');
  return near !== name && /^[a-z][a-z0-9_]{0,62}$/.test(near) ? near : undefined;
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

function hintOf(issue: Issue, value: Located, path: Path): { readonly hint?: string } {
  const values =
    issue.code === 'invalid_value'
      ? issue.values
      : issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)
        ? (issue.options as readonly unknown[])
        : [];
  const expected = expectedBy(issue);
  const mend = expected === undefined ? undefined : mendOf(path, expected, value);
  if (mend !== undefined) return { hint: mend };
  if (value.kind !== 'scalar') return {};
  if (typeof value.value !== 'string') return plainHint(issue, value);
  const { value: text } = value;
  if (codeOf(issue) === 'BAD_DURATION') {
    const meant = durationMend(text);
    return meant === undefined ? {} : { hint: meant };
  }
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
  const hint = meantBy(
    value.value,
    values.filter((each) => typeof each === 'string'),
  );
  return hint === undefined ? {} : { hint };
}

/** The type that was expected; of a union that of its first branch that is no text or boolean. */
function expectedBy(issue: Issue): string | undefined {
  if (issue.code === 'invalid_type') return issue.expected;
  return issue.code === 'invalid_union' ? 'union' : undefined;
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
