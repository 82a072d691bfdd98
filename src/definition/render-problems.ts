/** Problems as lines for people: `file:line:column: CODE: what is wrong; what is allowed. Did you mean ...?` Pure. */

import type { Problem } from '../model/errors.ts';

const WIDEST = 160;

/** The one line of a problem. */
export function problemLine({ file, line, column, code, message, hint }: Problem): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return `${place}: ${code}: ${message}${hint === undefined ? '' : `. ${hint}`}`;
}

/** The line, and below it the line of the file with a caret, where the text is known. */
export function problemWithSource(problem: Problem, text: string | undefined): string {
  const source = text?.split(/\r?\n/)[problem.line - 1];
  if (source === undefined || problem.line === 0 || source.length > WIDEST)
    return problemLine(problem);
  const gutter = `${problem.line} | `;
  const indent = ' '.repeat(gutter.length + cellsOf(source.slice(0, problem.column - 1)));
  return `${problemLine(problem)}\n  ${gutter}${source.replaceAll('\t', ' ')}\n  ${indent}^`;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** Cells of a terminal that a text takes, close enough for a caret. */
function cellsOf(text: string): number {
  let cells = 0;
  for (const letter of text) cells += /\p{M}/u.test(letter) ? 0 : WIDE.test(letter) ? 2 : 1;
  return cells;
}
