/**
 * Reads just enough of a query to know what is code and what is a string, a quoted name or a
 * comment: where references may stand, and which names it mentions. Pure.
 */

import { readReference } from './reference.ts';

import type { Reference } from './reference.ts';

export type SqlPart =
  | string
  | ({ readonly mark: number } & (
      | Reference
      | { readonly wrong: string }
      /** Stands in a string or a quoted name, where a bound value cannot stand. */
      | { readonly quoted: string }
    ));

export type SqlText = {
  readonly parts: readonly SqlPart[];
  /** Index in the text where each part begins. */
  readonly starts: readonly number[];
  /** Names outside strings and comments, lower case, quoted ones without their quotes. */
  readonly names: ReadonlySet<string>;
};

/** One lexeme of DuckDB's SQL at the start of a text; comments may nest. */
const LEXEMES = Object.freeze({
  comment: /^--[^\n]*/,
  escapeString: /^[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/,
  string: /^'(?:[^']|'')*(?:'|$)/,
  quotedName: /^"(?:[^"]|"")*(?:"|$)/,
  dollarString: /^(\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$)(?!\{\{)[\s\S]*?(?:\1|$)/,
  name: /^[\p{L}_][\p{L}\p{N}_$]*/u,
  // The digits of 1e5 are no name.
  number: /^[0-9][\p{L}\p{N}_.]*/u,
});

/** Splits a query at its references. Those in comments are comment, as whoever commented them out meant. */
export function readSql(text: string): SqlText {
  const parts: SqlPart[] = [];
  const starts: number[] = [];
  const names = new Set<string>();
  let plain = '';
  let mark = -1;
  const skip = (lexeme: string): void => {
    plain += lexeme;
    mark += countMarks(lexeme);
  };
  const push = (part: SqlPart, at: number): void => {
    endPlain(at);
    parts.push(part);
    starts.push(at);
  };
  const endPlain = (at: number): void => {
    if (plain === '') return;
    parts.push(plain);
    starts.push(at - plain.length);
    plain = '';
  };

  for (let rest = text; rest !== '';) {
    const lexeme = lexemeAt(rest);
    const at = text.length - rest.length;
    if (lexeme.kind === 'reference') {
      mark += 1;
      const { part, length } = readReference(rest);
      push({ mark, ...part }, at);
      rest = rest.slice(length);
      continue;
    }
    if ((lexeme.kind === 'quoted' || lexeme.kind === 'quotedName') && countMarks(lexeme.text) > 0) {
      push({ mark: mark + 1, quoted: lexeme.text }, at);
      mark += countMarks(lexeme.text);
    } else {
      skip(lexeme.text);
    }
    if (lexeme.kind === 'name') names.add(lexeme.text.toLowerCase());
    if (lexeme.kind === 'quotedName') {
      names.add(lexeme.text.slice(1, -1).replaceAll('""', '"').toLowerCase());
    }
    rest = rest.slice(lexeme.text.length);
  }
  endPlain(text.length);
  return { parts, starts, names };
}

type Lexeme = {
  readonly kind: 'reference' | 'comment' | 'quoted' | 'quotedName' | 'name' | 'other';
  readonly text: string;
};

function lexemeAt(rest: string): Lexeme {
  if (rest.startsWith('${{')) return { kind: 'reference', text: '${{' };
  if (rest.startsWith('/*')) return { kind: 'comment', text: blockComment(rest) };
  const found = (pattern: RegExp): string | undefined => pattern.exec(rest)?.[0];
  const comment = found(LEXEMES.comment);
  if (comment !== undefined) return { kind: 'comment', text: comment };
  const string =
    found(LEXEMES.escapeString) ?? found(LEXEMES.string) ?? found(LEXEMES.dollarString);
  if (string !== undefined) return { kind: 'quoted', text: string };
  const quotedName = found(LEXEMES.quotedName);
  if (quotedName !== undefined) return { kind: 'quotedName', text: quotedName };
  const name = found(LEXEMES.name);
  if (name !== undefined) return { kind: 'name', text: name };
  return { kind: 'other', text: found(LEXEMES.number) ?? rest[0]! };
}

function blockComment(rest: string): string {
  let depth = 0;
  for (const match of rest.matchAll(/\/\*|\*\//g)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return rest.slice(0, match.index + 2);
  }
  return rest;
}

function countMarks(text: string): number {
  return text.split('${{').length - 1;
}
