/** What the YAML library says about a text, in words for people: one problem a line. Pure. */

import type { Document } from 'yaml';

import type { Problem } from '../model/errors.ts';
import type { Place } from './located.ts';

/** Syntax problems of a document, the first of each line; what follows on a line is its echo. */
export function yamlProblems(
  source: string,
  document: Document.Parsed,
  place: (offset: number) => Place,
): readonly Problem[] {
  const problems = new Map<number, Problem>();
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const problem: Problem = { code: 'BAD_YAML', ...place(pos[0]), ...inWords(code, message) };
    if (problems.has(problem.line)) continue;
    problems.set(problem.line, bareReference(source, pos[0], place) ?? problem);
  }
  return [...problems.values()];
}

/** `{ path: ${{ params.x }} }`: YAML reads the second brace as the start of a mapping. */
function bareReference(
  source: string,
  offset: number,
  place: (offset: number) => Place,
): Problem | undefined {
  const mark = source.lastIndexOf('${{', offset);
  if (mark === -1 || source.slice(mark, offset).includes('\n') || offset > mark + 3)
    return undefined;
  return {
    code: 'BAD_YAML',
    ...place(mark),
    message: 'a reference inside { } or [ ] must be in quotes',
    hint: "Write '${{ ... }}' in quotes.",
  };
}

function inWords(code: string, message: string): Pick<Problem, 'message' | 'hint'> {
  switch (code) {
    case 'MULTIPLE_DOCS':
      return {
        message: 'the file has more than one document; one is allowed',
        hint: "Leave out the '---'.",
      };
    case 'TAB_AS_INDENT':
      return { message: 'tabs cannot indent; only spaces can' };
    case 'TAG_RESOLVE_FAILED':
      return { message: 'tags (!name) are not known here; only plain values are allowed' };
    case 'BLOCK_AS_IMPLICIT_KEY':
      return { message: "a second ': ' on one line; text that holds one must be in quotes" };
    case 'BAD_SCALAR_START':
      return { message: 'text that starts with this character must be in quotes' };
    default:
      return {
        message: `not well-formed YAML (${message.split('\n')[0]!.replace(/^(.)/, (c) => c.toLowerCase())})`,
      };
  }
}
