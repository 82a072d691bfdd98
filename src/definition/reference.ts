/**
 * Reads `${{ ... }}` in text. A reference is a dotted name and nothing else: no code, no default, no
 * filter. `$${{` stands for the letters `${{` themselves. Pure.
 */

export type Reference = {
  /** Dotted name without spaces, such as `steps.clean.values.rows`. */
  readonly name: string;
  readonly names: readonly string[];
};

export type TemplatePart =
  string | ({ readonly mark: number } & (Reference | { readonly wrong: string }));

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*$/;

/** True for text with a reference, well-formed or not. */
export function hasReference(text: string): boolean {
  return /(?<!\$)\$\{\{/.test(text);
}

/**
 * Text and references in order. `mark` counts every `${{` of the text from 0, escaped ones too, as
 * the places of a scalar do.
 */
export function parseTemplate(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let plain = '';
  let rest = text;
  for (let mark = 0; ; mark++) {
    const start = rest.indexOf('${{');
    if (start === -1) break;
    if (rest[start - 1] === '$') {
      plain += `${rest.slice(0, start - 1)}\${{`;
      rest = rest.slice(start + 3);
      continue;
    }
    plain += rest.slice(0, start);
    if (plain !== '') parts.push(plain);
    plain = '';
    const { part, length } = readReference(rest.slice(start));
    parts.push({ mark, ...part });
    rest = rest.slice(start + length);
  }
  plain += rest;
  if (plain !== '') parts.push(plain);
  return parts;
}

/** The reference that `text` starts with, and how many letters it takes. */
export function readReference(text: string): {
  readonly part: Reference | { readonly wrong: string };
  readonly length: number;
} {
  const end = text.indexOf('}}');
  const next = text.indexOf('${{', 3);
  if (end === -1 || (next !== -1 && next < end)) {
    return { part: { wrong: "a '${{' has no '}}'; write '${{ params.x }}'" }, length: 3 };
  }
  const name = text.slice(3, end).trim();
  if (NAME.test(name)) return { part: { name, names: name.split('.') }, length: end + 2 };
  const wrong =
    name === ''
      ? "a '${{ }}' names nothing; write '${{ params.x }}'"
      : `'${name}' is not a reference; only dotted names are, such as params.x, never code`;
  return { part: { wrong }, length: end + 2 };
}
