/** What the YAML library says about a text, in words for people: one problem a line. Pure. */

import { visit } from 'yaml';

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
    const at = openedAt(source, document, pos[0], message) ?? pos[0];
    const problem: Problem = { code: 'BAD_YAML', ...place(at), ...inWords(code, message) };
    // Whoever indents by tabs does it in every line.
    if (code === 'TAB_AS_INDENT' && [...problems.values()].some((each) => each.message === TABS))
      continue;
    if (problems.has(problem.line)) continue;
    problems.set(problem.line, bareReference(source, pos[0], place) ?? problem);
  }
  return [...problems.values()];
}

const TABS = 'tabs cannot indent; only spaces can';

/** Where a quote or bracket was opened that is never closed: the library points to the end of the file. */
function openedAt(
  source: string,
  document: Document.Parsed,
  offset: number,
  message: string,
): number | undefined {
  const closing =
    /^Missing closing (['"])|must be sufficiently indented and end with a ([\]}])/.exec(message);
  const end = closing?.[1] ?? closing?.[2];
  if (end === undefined) return undefined;
  let found: number | undefined;
  visit(document, {
    Node: (_key, node) => {
      const [from, to] = (node as { range?: readonly [number, number, number] }).range ?? [0, 0];
      const isOpen = from < offset && to >= offset - 1 && source[from] === OPENING[end];
      if (isOpen && (to - from < 2 || source[to - 1] !== end)) found = from;
    },
  });
  return found;
}

const OPENING: Readonly<Record<string, string>> = Object.freeze({
  "'": "'",
  '"': '"',
  '}': '{',
  ']': '[',
});

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
      return { message: TABS };
    case 'TAG_RESOLVE_FAILED':
      return { message: 'tags (!name) are not known here; only plain values are allowed' };
    case 'BLOCK_AS_IMPLICIT_KEY':
      return { message: "a second ': ' on one line; text that holds one must be in quotes" };
    case 'BAD_SCALAR_START':
      return { message: 'text that starts with this character must be in quotes' };
    default:
      if (message.startsWith('Missing closing'))
        return { message: 'a quote is opened and never closed' };
      if (/sufficiently indented and end with/.test(message)) {
        return { message: 'a { or [ is opened and never closed, or what follows is not indented' };
      }
      if (message.startsWith('Unexpected scalar at node end')) {
        return {
          message: 'more text after a value that has ended',
          hint: "Inside single quotes '' stands for one '.",
        };
      }
      if (/call stack/i.test(message))
        return { message: 'lists and mappings are nested too deeply' };
      return {
        message: `not well-formed YAML (${message.split('\n')[0]!.replace(/^(.)/, (c) => c.toLowerCase())})`,
      };
  }
}
