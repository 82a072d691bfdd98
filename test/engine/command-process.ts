/** Drives `processes/command.ts`, a real process that uses the engine. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { ChildProcess } from 'node:child_process';

export type CommandProcess = {
  readonly child: ChildProcess;
  /** Says one word to it and answers what it says back. */
  say(word: string): Promise<Record<string, unknown>>;
  /** Ends it by a signal, or by closing its input, and waits for its end. */
  end(signal?: NodeJS.Signals): Promise<void>;
};

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`./processes/${name}`, import.meta.url));

/** In a process group of its own, as a terminal would start it. */
export function commandProcess(stateDir: string, binary: string): CommandProcess {
  const child = spawn(
    process.execPath,
    ['--import', pathOf('typescript.mjs'), pathOf('command.ts'), stateDir, binary],
    { stdio: ['pipe', 'pipe', 'inherit'], detached: true },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'exit');
  return {
    child,
    say: async (word) => {
      child.stdin.write(`${word}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the process ended instead of answering '${word}'`);
      return JSON.parse(value) as Record<string, unknown>;
    },
    end: async (signal) => {
      if (signal === undefined) child.stdin.end();
      else child.kill(signal);
      await ended;
    },
  };
}
