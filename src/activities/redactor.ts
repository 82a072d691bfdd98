/**
 * Blanks out secrets in text, also when they come in pieces or encoded.
 *
 * 1. A stream gives exactly what `text` gives for the whole, however it was cut.
 * 2. What touches two secrets at once is blanked as one.
 */

import { secretForms } from './secret-forms.ts';
import { StepError } from '../model/step-error.ts';

/** Secrets below this many characters cannot be told from ordinary text. */
export const MIN_SECRET_LENGTH = 4;

const MASK = '***';

/** Redacts text that arrives in pieces. */
export type RedactionStream = {
  /** What can be shown by now; the rest waits, at most as much as the longest secret. */
  push(piece: string): string;
  /** What was still waiting. */
  end(): string;
};

export type Redactor = {
  text(text: string): string;
  stream(): RedactionStream;
};

/**
 * A redactor for these values, their lines, and their base64 (at any offset), URL and JSON forms.
 * @throws StepError SECRET_TOO_SHORT for a value of fewer than 4 characters
 */
export function makeRedactor(values: readonly string[]): Redactor {
  if (values.some((value) => value.length < MIN_SECRET_LENGTH)) {
    throw new StepError(
      'SECRET_TOO_SHORT',
      `a secret of this step is shorter than ${MIN_SECRET_LENGTH} characters, too short to be blanked out of logs; give it a longer value`,
    );
  }
  const forms = [...new Set(values.flatMap(secretForms))].filter(
    (form) => form.length >= MIN_SECRET_LENGTH,
  );
  const stream = (): RedactionStream => makeStream(forms);
  return {
    stream,
    text(text) {
      const whole = stream();
      return whole.push(text) + whole.end();
    },
  };
}

function makeStream(forms: readonly string[]): RedactionStream {
  let waiting = '';
  /** So many characters at the start of `waiting` belong to a secret whose mask is already out. */
  let masked = 0;

  const release = (until: number): string => {
    // Nothing can be shown yet, and what is masked stays so.
    if (until === 0) return '';
    let shown = '';
    let at = 0;
    let carried = 0;
    for (const { from, to } of spans(waiting, forms, masked)) {
      if (from >= until) break;
      const isOut = from === 0 && masked > 0;
      shown += waiting.slice(at, from) + (isOut ? '' : MASK);
      at = Math.min(to, until);
      carried = to - at;
    }
    shown += waiting.slice(at, until);
    waiting = waiting.slice(until);
    masked = carried;
    return shown;
  };

  return {
    push(piece) {
      waiting += piece;
      return release(startOfUnfinished(waiting, forms));
    },
    end: () => release(waiting.length),
  };
}

type Span = { readonly from: number; readonly to: number };

/** Places of every form in the text, overlapping ones as one, in order. */
function spans(text: string, forms: readonly string[], masked: number): readonly Span[] {
  const found: Span[] = masked > 0 ? [{ from: 0, to: masked }] : [];
  for (const form of forms) {
    for (let from = text.indexOf(form); from !== -1; from = text.indexOf(form, from + 1)) {
      found.push({ from, to: from + form.length });
    }
  }
  const merged: Span[] = [];
  for (const span of found.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && span.from < last.to) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    } else {
      merged.push(span);
    }
  }
  return merged;
}

/** Where the longest end of the text begins that could still become a secret. */
function startOfUnfinished(text: string, forms: readonly string[]): number {
  let start = text.length;
  for (const form of forms) {
    const first = Math.max(0, text.length - form.length + 1);
    for (let at = text.indexOf(form.charAt(0), first); at !== -1 && at < start;) {
      if (form.startsWith(text.slice(at))) start = at;
      at = text.indexOf(form.charAt(0), at + 1);
    }
  }
  return start;
}
