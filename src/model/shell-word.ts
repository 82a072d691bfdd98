/** One word of a command that people copy into their shell. Pure. */

/** The text as it is where a shell takes it so, else in single quotes. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
