/** Where a command's words go: results to stdout, everything for people to stderr. May import anything below the CLI. */

export type Io = {
  /** One result, without a newline at its end. */
  out(text: string): void;
  /** One line for people. */
  say(line: string): void;
  /** stderr is a terminal: a live region may be drawn. */
  readonly live: boolean;
  readonly color: boolean;
  readonly columns: number;
  /** Where results go. A file or another program is as wide as can be, and nothing is painted there. */
  readonly results: { readonly columns: number; readonly color: boolean };
  readonly cwd: string;
  /** The terminal behind `say`, for redrawing. */
  readonly stream: NodeJS.WriteStream;
};

/** The usual pair of streams. `NO_COLOR` and a dumb terminal are honoured. */
export function makeIo(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Io {
  const isColored = (env['NO_COLOR'] ?? '') === '';
  const terminal = stderr.isTTY && env['TERM'] !== 'dumb';
  return {
    out: (text) => void stdout.write(`${text}\n`),
    say: (line) => void stderr.write(`${line}\n`),
    live: terminal && env['CI'] === undefined,
    color: terminal && isColored,
    columns: stderr.columns ?? 100,
    results: stdout.isTTY
      ? { columns: stdout.columns, color: isColored && env['TERM'] !== 'dumb' }
      : { columns: Infinity, color: false },
    cwd,
    stream: stderr,
  };
}
