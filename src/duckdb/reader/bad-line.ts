/** How a place in an outside file is told: file, line, what is wrong, the line's text, the option that would help. Pure. */

import { StepError } from '../../model/step-error.ts';

const SHOWN_CHARACTERS = 120;

/** A fault at a line of a file; never retried, for the file would be as wrong the next time. */
export function badLine(
  file: string,
  line: number,
  what: string,
  { text, help }: { readonly text?: string; readonly help?: string } = {},
): StepError {
  const shown = text === undefined ? '' : `: ${readable(text)}`;
  return new StepError(
    'BAD_INPUT_DATA',
    `${file}:${line}: ${what}${shown}${help === undefined ? '' : `; ${help}`}`,
  );
}

/** A fault of a file as a whole. */
export function badFile(file: string, what: string, help?: string): StepError {
  return new StepError(
    'BAD_INPUT_DATA',
    `${file}: ${what}${help === undefined ? '' : `; ${help}`}`,
  );
}

/** A text on one line, without what a terminal would act on, cut to a readable length. */
export function readable(text: string): string {
  const cut = text.slice(0, SHOWN_CHARACTERS);
  const plain = cut.replaceAll(
    /[\p{Cc}\p{Cs}\u2028\u2029]/gu,
    (c) => ({ '\n': '\\n', '\r': '\\r', '\t': '\\t' })[c] ?? '\ufffd',
  );
  return `\`${plain}\`${text.length > SHOWN_CHARACTERS ? ' ...' : ''}`;
}
