/** The types that the engine names, as trees. Pure. */

export type SqlType =
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'list' | 'array'; readonly text: string; readonly of: SqlType }
  | { readonly kind: 'map'; readonly text: string; readonly key: SqlType; readonly value: SqlType }
  | {
      readonly kind: 'struct' | 'union';
      readonly text: string;
      readonly members: readonly Member[];
    };

/** `name` is undefined in a struct without names, as `row()` makes it. */
export type Member = { readonly name: string | undefined; readonly type: SqlType };

/** Names, quoted names and texts, brackets and commas. */
const TOKEN = /"(?:[^"]|"")*"|'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_]*|\d+|[()[\],]|\s+|./gs;
const WITH_MEMBERS = /^(STRUCT|UNION|MAP)$/i;

/** The tree of a type such as `STRUCT(a INTEGER, "b c" VARCHAR[])[]`. */
export function typeOf(text: string): SqlType {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;

  /** Reads a type that ends before a comma or a closing bracket of what stands around it. */
  const read = (): SqlType => {
    skip();
    const from = at;
    const word = tokens[at] ?? '';
    let type: SqlType;
    if (WITH_MEMBERS.test(word) && tokens[at + 1] === '(') {
      at += 2;
      type = nested(word.toLowerCase() as 'struct' | 'union' | 'map', from);
    } else {
      passPlain();
      type = { kind: 'plain', text: since(from) };
    }
    while (tokens[at] === '[') {
      const isArray = tokens[at + 1] !== ']';
      at += isArray ? 3 : 2;
      type = { kind: isArray ? 'array' : 'list', text: since(from), of: type };
    }
    return type;
  };
  const nested = (kind: 'struct' | 'union' | 'map', from: number): SqlType => {
    if (kind === 'map') {
      const key = read();
      at += 1;
      const value = read();
      at += 1;
      return { kind, text: since(from), key, value };
    }
    const members: Member[] = [];
    while (at < tokens.length && tokens[at] !== ')') {
      members.push(member());
      if (tokens[at] === ',') at += 1;
      skip();
    }
    at += 1;
    return { kind, text: since(from), members };
  };
  const member = (): Member => {
    skip();
    const isNamed = /^\s+$/.test(tokens[at + 1] ?? '') && !isTypeOfWords(at);
    if (!isNamed) return { name: undefined, type: read() };
    const name = unquoted(tokens[at] ?? '');
    at += 2;
    return { name, type: read() };
  };
  /** `TIME WITH TIME ZONE` is no name with a type. */
  const isTypeOfWords = (from: number): boolean => /^WITH$/i.test(tokens[from + 2] ?? '');
  const passPlain = (): void => {
    for (let depth = 0; at < tokens.length; at += 1) {
      const token = tokens[at];
      if (depth === 0 && (token === ',' || token === ')' || token === '[')) return;
      if (token === '(') depth += 1;
      if (token === ')') depth -= 1;
    }
  };
  const skip = (): void => {
    while (/^\s+$/.test(tokens[at] ?? '')) at += 1;
  };
  const since = (from: number): string => tokens.slice(from, at).join('').trim();

  return read();
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
