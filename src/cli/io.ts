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
  const terminal = stderr.isTTY && env['TERM'] !== 'dumb';
  return {
    out: (text) => void stdout.write(`${text}\n`),
    say: (line) => void stderr.write(`${line}\n`),
    live: terminal && env['CI'] === undefined,
    color: terminal && (env['NO_COLOR'] ?? '') === '',
    columns: stderr.columns ?? 100,
    cwd,
    stream: stderr,
  };
}
