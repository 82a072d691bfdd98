/** Cuts a stream of text into lines, very long ones into pieces. */

const LONGEST = 8_000;

/** `push` takes text as it comes; `end` gives what has no newline yet. */
export function makeLines(onLine: (line: string) => void): {
  readonly push: (text: string) => void;
  readonly end: () => void;
} {
  let waiting = '';
  return {
    push: (text) => {
      waiting += text;
      const lines = waiting.split(/\r?\n/);
      waiting = lines.pop() ?? '';
      for (const line of lines) onLine(line);
      while (waiting.length > LONGEST) {
        onLine(waiting.slice(0, LONGEST));
        waiting = waiting.slice(LONGEST);
      }
    },
    end: () => {
      if (waiting !== '') onLine(waiting);
      waiting = '';
    },
  };
}
