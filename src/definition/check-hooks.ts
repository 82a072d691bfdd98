/** The references in hooks: secrets where they cannot leak, words of the message where there is one. Pure. */

import { HOOK_WORDS } from '../model/hook.ts';
import { didYouMean } from '../model/suggest.ts';
import { mapScalars } from './located.ts';
import { parseTemplate } from './reference.ts';

import type { Problem } from '../model/errors.ts';
import type { Located, Path } from './located.ts';
import type { Reference } from './reference.ts';

type Allowed = { readonly secrets: boolean; readonly words: boolean };

const WHERE_SECRETS = 'secrets stand in http.url, http.headers, http.body and env';

/** What is wrong with the references below `hooks`. They stay as they are written until a hook is sent. */
export function hookProblems(hooks: Located | undefined): readonly Problem[] {
  const problems: Problem[] = [];
  if (hooks === undefined) return problems;
  mapScalars(hooks, (scalar, path) => {
    if (typeof scalar.value !== 'string') return scalar;
    for (const part of parseTemplate(scalar.value)) {
      if (typeof part === 'string') continue;
      const at = scalar.marks[part.mark] ?? scalar.at;
      const wrong = wrongIn(part, allowedAt(path));
      if (wrong !== undefined) problems.push({ ...at, ...wrong });
    }
    return scalar;
  });
  return problems;
}

/** `path` begins below `hooks`: on_failure, 0, http, url. */
function allowedAt([, , kind, key]: Path): Allowed {
  if (kind === 'command') return { secrets: false, words: true };
  if (kind === 'env') return { secrets: true, words: true };
  if (kind !== 'http') return { secrets: false, words: false };
  return { secrets: key === 'url' || key === 'headers' || key === 'body', words: key === 'body' };
}

function wrongIn(
  part: Reference | { readonly wrong: string },
  { secrets, words }: Allowed,
): Pick<Problem, 'code' | 'message' | 'hint'> | undefined {
  if ('wrong' in part) return { code: 'BAD_REFERENCE', message: part.wrong };
  const { name, names } = part;
  if (names[0] === 'secrets') {
    if (names.length !== 2) {
      return {
        code: 'UNKNOWN_REFERENCE',
        message: `unknown reference '${name}'; allowed here: secrets.NAME`,
      };
    }
    if (secrets) return undefined;
    return {
      code: 'SECRET_NOT_ALLOWED',
      message: `a secret cannot stand here; ${WHERE_SECRETS}`,
    };
  }
  const allowed: readonly string[] = [
    ...(words ? HOOK_WORDS : []),
    ...(secrets ? ['secrets.NAME'] : []),
  ];
  if (allowed.length === 0) {
    return {
      code: 'BAD_REFERENCE',
      message: `the reference '${name}' cannot stand here; no reference can`,
    };
  }
  if (allowed.includes(name)) return undefined;
  const hint = didYouMean(name, allowed);
  return {
    code: 'UNKNOWN_REFERENCE',
    message: `unknown reference '${name}'; a hook knows ${allowed.join(', ')}`,
    ...(hint === undefined ? {} : { hint }),
  };
}
