/** Options of a reading that cannot hold beside each other: one character cannot mean two things. Pure. */

import { plainReading } from './reading-options.ts';
import { NO_QUOTE } from '../duckdb/reader/reading.ts';

import type { TableOptions } from './reading-options.ts';

type Clash = { readonly path: readonly string[]; readonly message: string };

/** For `superRefine` of a schema that has the fields of a reading. */
export function refuseClashes(
  options: TableOptions,
  ctx: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  for (const { path, message } of clashesIn(options)) {
    ctx.addIssue({ code: 'custom', path: [...path], message });
  }
}

function clashesIn(options: TableOptions): readonly Clash[] {
  const { delimiter, quote, escape, comment, decimal, thousands, ...reading } =
    plainReading(options);
  const quoting = quote === NO_QUOTE ? undefined : (quote ?? '"');
  const clashes: Clash[] = [];
  const refuse = (path: string, message: string): number => clashes.push({ path: [path], message });

  if (delimiter !== undefined && /[\r\n]/.test(delimiter)) {
    refuse('delimiter', 'a line end cannot be it');
  }
  if (quoting !== undefined && delimiter?.includes(quoting) === true) {
    refuse('delimiter', `'${quoting}' quotes already; give another \`quote\`, or none`);
  }
  if (delimiter !== undefined && escape !== undefined && delimiter.includes(escape)) {
    refuse('escape', `'${escape}' stands in the delimiter already`);
  }
  if (comment !== undefined && (comment === delimiter || comment === quoting)) {
    refuse('comment', `'${comment}' has another meaning already`);
  }
  for (const [name, mark] of Object.entries({ decimal, thousands })) {
    if (mark !== undefined && /[0-9A-Za-z+-]/.test(mark)) {
      refuse(name, `'${mark}' may be a part of a number itself`);
    }
  }
  if (thousands !== undefined && thousands === (decimal ?? '.')) {
    const help = decimal === undefined ? '; give what stands before the fraction as `decimal`' : '';
    refuse('thousands', `'${thousands}' stands before the fraction already${help}`);
  }
  const both = reading.true_values?.find((word) => reading.false_values?.includes(word));
  if (both !== undefined) refuse('false_values', `'${both}' means true already`);
  return clashes;
}
