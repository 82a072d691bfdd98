/** Fills the references of a hook as it is sent: words of the message, and secrets, which are looked up now. Pure but for that. */

import { parseTemplate } from '../definition/reference.ts';

import type { Json } from '../model/json.ts';

/** A hook that cannot be sent as things are here. The message names no value. */
export class CannotSend extends Error {
  override readonly name = 'CannotSend';
}

export type Filling = {
  readonly words: Readonly<Record<string, string>>;
  /** The value of a secret; undefined: there is none of that name here. */
  readonly secret: (name: string) => string | undefined;
};

/** The text with its references replaced. @throws CannotSend naming a secret that is missing */
export function fillText(template: string, { words, secret }: Filling): string {
  return parseTemplate(template)
    .map((part) => {
      if (typeof part === 'string') return part;
      if ('wrong' in part) throw new CannotSend(part.wrong);
      const { name, names } = part;
      if (names[0] !== 'secrets') return words[name] ?? '';
      const value = secret(names[1] ?? '');
      if (value !== undefined) return value;
      throw new CannotSend(
        `there is no secret '${names[1]}' here; set BUILDER_SECRET_${names[1]} or give --secrets-dir`,
      );
    })
    .join('');
}

/** The same in every text of a document; what it is made of cannot be changed by what is filled in. */
export function fillJson(value: Json, filling: Filling): Json {
  if (typeof value === 'string') return fillText(value, filling);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each: Json) => fillJson(each, filling));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, fillJson(each, filling)]),
  );
}
