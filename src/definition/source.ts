/**
 * Reads one YAML file into values that know where they were written. Goes through aliases and merge
 * keys itself, so that every value keeps the place a person has to look at. Never throws.
 */

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Alias,
  type Document,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';

import { readScalar } from './source-scalar.ts';
import { yamlProblems } from './source-problems.ts';

import type { Problem } from '../model/errors.ts';
import type { Entry, Located, Place } from './located.ts';

/** Values in one file, aliases expanded: far above any real file, far below an alias bomb. */
const MAX_VALUES = 200_000;
/** Nesting of one file: keeps every walk over it from overflowing the stack. */
const MAX_DEPTH = 100;

/** A definition file: the path as shown in messages, and its text. */
export type DefinitionFile = {
  readonly path: string;
  readonly text: string;
  /** Why the text is not what stands in the file. */
  readonly unreadable?: Problem;
};

export type Source = {
  /** Undefined: not one well-formed document with something in it. */
  readonly root: Located | undefined;
  readonly problems: readonly Problem[];
  /** Most copies of one key; above 1 `readSource` can be asked for another copy. */
  readonly copies: number;
};

/**
 * Reads a YAML text. Where a key stands more than once (a problem), `copy` says which of its values
 * counts, from 0 for the last; at the top level mappings are joined instead.
 */
export function readSource(file: string, text: string, copy = 0): Source {
  // A byte order mark would shift the columns of the first line.
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };

  let document: Document.Parsed;
  try {
    document = parseDocument(source, {
      lineCounter: lines,
      merge: true,
      prettyErrors: false,
      intAsBigInt: true,
      uniqueKeys: false,
      // 'silent' would also keep quiet about a second document.
      logLevel: 'error',
    });
  } catch {
    // The library overflows the stack on thousands of nested brackets.
    const message = 'the file cannot be read as YAML; it is nested too deeply';
    return failed([{ code: 'BAD_YAML', ...place(0), message }]);
  }

  const odd = oddBytes(source);
  if (odd !== undefined) {
    const { at, ...said } = odd;
    return failed([{ code: 'BAD_YAML', ...place(at), ...said }]);
  }
  const syntax = yamlProblems(source, document, place);
  if (syntax.length > 0) return failed(syntax);
  if (document.contents === null) {
    return failed([{ code: 'BAD_YAML', ...place(0), message: 'the file is empty' }]);
  }
  const reader = new Reader(source, document, place, copy);
  const root = reader.read(document.contents, 0);
  if (reader.overflowed) return failed(reader.problems);
  return { root, problems: reader.problems, copies: reader.copies };
}

/** Letters that no definition has, and that a query or a program would take for its end. */
function oddBytes(
  source: string,
): (Pick<Problem, 'message' | 'hint'> & { readonly at: number }) | undefined {
  const nul = source.indexOf('\0');
  if (nul >= 0) {
    return {
      at: nul,
      message: 'the file holds a NUL byte, which no text has',
      hint: 'Save the file as UTF-8 (not UTF-16) in your editor.',
    };
  }
  if (!source.includes('\r') || source.includes('\n')) return undefined;
  return {
    at: source.indexOf('\r'),
    message: 'the lines of the file end in CR alone',
    hint: 'Save it with LF as the end of lines in your editor.',
  };
}

/** What a file holds; a file that could not be read as text says so itself. */
export function sourceOf(file: DefinitionFile, copy = 0): Source {
  return file.unreadable === undefined
    ? readSource(file.path, file.text, copy)
    : failed([file.unreadable]);
}

function failed(problems: readonly Problem[]): Source {
  return { root: undefined, problems, copies: 1 };
}

type Copy = { readonly key: Place; readonly node: ParsedNode | null };

/** One pass over one document; a class because everything it counts spans the recursion. */
class Reader {
  readonly problems: Problem[] = [];
  copies = 1;
  /** The values are cut off somewhere: whatever else is said about them would mislead. */
  overflowed = false;
  #values = 0;
  #anchors: Map<string, ParsedNode[]> | undefined;
  readonly #open = new Set<unknown>();
  readonly #source: string;
  readonly #document: Document.Parsed;
  readonly #place: (offset: number) => Place;
  readonly #copy: number;

  constructor(
    source: string,
    document: Document.Parsed,
    place: (offset: number) => Place,
    copy: number,
  ) {
    this.#source = source;
    this.#document = document;
    this.#place = place;
    this.#copy = copy;
  }

  read(node: ParsedNode | null, depth: number): Located {
    const at = this.#place(node?.range?.[0] ?? 0);
    this.#values += 1;
    if (this.#values === MAX_VALUES + 1)
      this.#problem(at, 'the file holds too many values, aliases expanded');
    if (depth === MAX_DEPTH) this.#problem(at, 'values are nested too deeply');
    if (this.#values > MAX_VALUES || depth >= MAX_DEPTH) {
      this.overflowed = true;
      return { kind: 'hole', at };
    }

    if (isAlias(node)) return this.#alias(node, at, depth);
    if (isScalar(node)) {
      if (typeof node.value === 'string' && node.value.includes('\0')) {
        this.#problem(at, 'a text cannot hold \\0: a query or a program would end there');
        return { kind: 'hole', at };
      }
      return readScalar(node, at, this.#source, this.#place);
    }
    if (this.#open.has(node)) {
      this.#problem(at, 'an alias stands inside the value it names');
      return { kind: 'hole', at };
    }
    this.#open.add(node);
    const value = this.#collection(node, at, depth);
    this.#open.delete(node);
    return value;
  }

  #collection(node: ParsedNode | null, at: Place, depth: number): Located {
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item, depth + 1));
      return { kind: 'list', at, items };
    }
    if (!isMap(node)) return { kind: 'hole', at };

    const entries = new Map<string, Entry>();
    for (const [key, found] of this.#keysOf([node])) {
      entries.set(key, this.#entry(key, found, depth));
    }
    for (const merged of this.#mergesOf(node, depth)) {
      for (const [key, entry] of merged) if (!entries.has(key)) entries.set(key, entry);
    }
    return { kind: 'map', at, entries };
  }

  /** The value of a key: the copy asked for, or at the top level all its mappings joined. */
  #entry(key: string, found: readonly Copy[], depth: number): Entry {
    const last = found.at(-1)!;
    if (found.length > 1) {
      const first = found[0]!.key;
      for (const { key: place } of found.slice(1)) {
        const message = `the key '${key}' is already there in line ${first.line}; only one may stay`;
        this.problems.push({ code: 'DUPLICATE_KEY', ...place, message });
      }
      if (depth === 0 && found.every((copy) => isMap(copy.node))) {
        const at = this.#place(last.node?.range?.[0] ?? 0);
        const joined = this.#keysOf(found.map((copy) => copy.node as YAMLMap.Parsed));
        const entries = new Map<string, Entry>();
        for (const [name, each] of joined) entries.set(name, this.#entry(name, each, 1));
        return { key: last.key, value: { kind: 'map', at, entries } };
      }
      this.copies = Math.max(this.copies, found.length);
    }
    const chosen = found[Math.max(0, found.length - 1 - this.#copy)]!;
    // In braces YAML takes `key:value` and `key` for keys, and says nothing.
    if (chosen.node === null) this.#problem(chosen.key, withoutValue(key));
    return { key: chosen.key, value: this.read(chosen.node, depth + 1) };
  }

  /** Every key with all its values, in file order; merge keys are left to `#mergesOf`. */
  #keysOf(maps: readonly YAMLMap.Parsed[]): Map<string, Copy[]> {
    const keys = new Map<string, Copy[]>();
    for (const { items } of maps) {
      for (const pair of items) {
        const { key } = pair;
        if (isMergeKey(key)) continue;
        const at = this.#place(key?.range?.[0] ?? pair.value?.range?.[0] ?? 0);
        const name = isScalar(key) ? (key.source ?? key.value ?? '') : undefined;
        if (name === undefined || name === '' || name === '__proto__') {
          this.#problem(at, 'a key must be plain text');
          continue;
        }
        if (name.includes('${{')) {
          const message = 'a reference cannot be a key; references stand in values';
          this.problems.push({ code: 'BAD_REFERENCE', ...at, message });
          continue;
        }
        const copies = keys.get(name);
        if (copies === undefined) keys.set(name, [{ key: at, node: pair.value }]);
        else copies.push({ key: at, node: pair.value });
      }
    }
    return keys;
  }

  #mergesOf(map: YAMLMap.Parsed, depth: number): ReadonlyMap<string, Entry>[] {
    const sources = map.items.filter((pair) => isMergeKey(pair.key)).map((pair) => pair.value);
    return sources.flatMap((source) => {
      const value = this.read(source, depth + 1);
      const maps = value.kind === 'list' ? value.items : [value];
      return maps.flatMap((each) => {
        if (each.kind === 'map') return [each.entries];
        if (each.kind !== 'hole')
          this.#problem(each.at, 'a merge key (<<) takes an alias of a mapping');
        return [];
      });
    });
  }

  #alias(node: Alias.Parsed, at: Place, depth: number): Located {
    // The library searches the whole document for each alias, which a bomb turns into minutes.
    this.#anchors ??= anchorsOf(this.#document);
    const target = this.#anchors
      .get(node.source)
      ?.findLast((each) => each.range[0] < node.range[0]);
    if (target !== undefined) return this.read(target, depth + 1);
    this.#problem(at, `the alias '${node.source}' has no anchor before it`);
    return { kind: 'hole', at };
  }

  #problem(at: Place, message: string): void {
    this.problems.push({ code: 'BAD_YAML', ...at, message });
  }
}

function withoutValue(key: string): string {
  const colon = key.indexOf(':');
  if (colon < 1) return `the key '${key}' has no value; write '${key}: ...'`;
  const meant = `${key.slice(0, colon)}: ${key.slice(colon + 1)}`;
  return `'${key}' is a key without a value; with a space after the colon it is '${meant}'`;
}

/** The nodes of each anchor in the order of the file: a name may be given again. */
function anchorsOf(document: Document.Parsed): Map<string, ParsedNode[]> {
  const anchors = new Map<string, ParsedNode[]>();
  visit(document, {
    Node: (_key, node) => {
      const { anchor } = node as { readonly anchor?: string };
      if (anchor === undefined) return;
      anchors.set(anchor, [...(anchors.get(anchor) ?? []), node as ParsedNode]);
    },
  });
  return anchors;
}

function isMergeKey(key: unknown): boolean {
  return (
    isScalar(key) && (typeof key.value === 'symbol' || (key.value === '<<' && key.type === 'PLAIN'))
  );
}
