/**
 * The values of one JSON text with the text they stand in: a number as it is written, a nested value as it is written.
 * JSON.parse says whether the text is JSON; this only finds where each value of it begins and ends. Pure.
 */

import { KIND } from './part.ts';

export type JsonValue = {
  /** One of KIND; 0: null. */
  readonly kind: number;
  /** Of a string what it says, of all else the text as it stands. */
  readonly text: string;
  /** As it stands, quotes included. */
  readonly raw: string;
};

/** `fields` of an object in order, repeated names included; undefined: the text is no object. */
export type JsonRecord = {
  readonly fields: readonly { readonly name: string; readonly value: JsonValue }[] | undefined;
  readonly whole: JsonValue;
};

/** A text that is no JSON, or holds what no text can. */
export class NotJson extends Error {
  /** What would help, if anything does. */
  readonly help: string | undefined;

  constructor(message: string, { help, cause }: { help?: string; cause?: unknown } = {}) {
    super(message, { cause });
    this.help = help;
  }
}

/** `nulls`: bare words, such as NaN, that stand for null. @throws NotJson */
export function parseRecord(given: string, nulls: ReadonlySet<string>): JsonRecord {
  const text = jsonOf(given, nulls).trim();
  const fields: { name: string; value: JsonValue }[] = [];
  const whole = valueAt(text, 0);
  if (text[0] !== '{') return { fields: undefined, whole: whole.value };
  let at = afterSpace(text, 1);
  while (text[at] === '"') {
    const name = valueAt(text, at);
    at = afterSpace(text, afterSpace(text, name.after) + 1);
    const { value, after } = valueAt(text, at);
    fields.push({ name: name.value.text, value });
    at = afterSpace(text, after);
    if (text[at] === ',') at = afterSpace(text, at + 1);
  }
  return { fields, whole: whole.value };
}

/** The text, known to be JSON. */
function jsonOf(given: string, nulls: ReadonlySet<string>): string {
  let text = given;
  try {
    JSON.parse(text);
  } catch {
    text = withNulls(given, nulls);
    try {
      JSON.parse(text);
    } catch (error) {
      throw notJson(given, error);
    }
  }
  if (text.includes('\\u')) mustBeLetters(text);
  return text;
}

/** @throws NotJson for an escape that stands for what no text can hold */
function mustBeLetters(text: string): void {
  /** Where the escape of a pair's first half ended. */
  let half = -1;
  for (const { 0: escape, 1: code, index } of text.matchAll(/\\(?:u([0-9a-fA-F]{4})|[^])/g)) {
    const unit = code === undefined ? -1 : Number.parseInt(code, 16);
    if (unit === 0) throw new NotJson('a NUL character, which no text can hold');
    const isSecond = unit >= 0xdc00 && unit <= 0xdfff;
    if (isSecond ? half !== index : half >= 0) throw halfPair();
    half = unit >= 0xd800 && unit <= 0xdbff ? index + escape.length : -1;
  }
  if (half >= 0) throw halfPair();
}

function halfPair(): NotJson {
  return new NotJson('half of a surrogate pair, which no text can hold');
}

function withNulls(text: string, nulls: ReadonlySet<string>): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|-?[A-Za-z]+/g, (token) =>
    token[0] !== '"' && nulls.has(token) ? 'null' : token,
  );
}

function notJson(text: string, cause: unknown): NotJson {
  const bare = /^[^"]*(?:"(?:[^"\\]|\\.)*"[^"]*?)*?(-?\b(?:NaN|Infinity)\b)/.exec(text)?.[1];
  if (bare !== undefined) {
    const help = `\`null_values: [${bare}]\` reads it as NULL`;
    return new NotJson(`${bare} is no JSON`, { help, cause });
  }
  const said = (cause as Error).message.replace(/,? ?"[^]*$/, '').replace(/ in JSON.*/s, '');
  const help =
    'JSON Lines have one value a line (`format: jsonl`), JSON has one value in all (`format: json`)';
  return new NotJson(`no JSON (${said})`, { help, cause });
}

/** The value that begins at `at` of a text that is JSON. */
function valueAt(text: string, at: number): { value: JsonValue; after: number } {
  const first = text[at];
  if (first === '"') {
    const after = afterString(text, at);
    const raw = text.slice(at, after);
    const said = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
    return { value: { kind: KIND.string, text: said, raw }, after };
  }
  const after = first === '{' || first === '[' ? afterNested(text, at) : afterWord(text, at);
  const raw = text.slice(at, after);
  return { value: { kind: kindOf(raw), text: raw, raw }, after };
}

function kindOf(raw: string): number {
  switch (raw[0]) {
    case '{':
    case '[':
      return KIND.nested;
    case 't':
    case 'f':
      return KIND.boolean;
    case 'n':
      return 0;
    default:
      return KIND.number;
  }
}

function afterString(text: string, open: number): number {
  for (let at = open + 1; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 34) return at + 1;
    if (code === 92) at += 1;
  }
}

function afterNested(text: string, open: number): number {
  let depth = 0;
  for (let at = open; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 34) at = afterString(text, at) - 1;
    else if (code === 123 || code === 91) depth += 1;
    else if (code === 125 || code === 93) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
}

function afterWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !/[\s,\]}]/.test(text[at]!)) at += 1;
  return at;
}

function afterSpace(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) <= 32) at += 1;
  return at;
}
