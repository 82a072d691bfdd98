/** Did you mean ...? Pure. */

/** The candidate that a mistyped name most likely stands for; undefined when none is near. */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  // A third of the letters may be wrong: "needz" is near "needs", "a" is near nothing.
  let bound = Math.floor(Math.max(wanted.length, 3) / 3) + 1;
  let best: string | undefined;
  if (wanted.length > 80) return undefined;
  const all = [...candidates].filter((candidate) => candidate.length <= 80);
  for (const candidate of all) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bound) {
      bound = distance;
      best = candidate;
    }
  }
  return best ?? beginning(wanted, all);
}

/** The only candidate that begins as the name does, or of which it is the last part: "failure" of "failed", "sql" of "transform.sql". */
function beginning(wanted: string, candidates: readonly string[]): string | undefined {
  const near = candidates.filter((candidate) => {
    const other = candidate.toLowerCase();
    const shared = sharedLetters(wanted, other);
    const longer = Math.max(wanted.length, other.length);
    return (
      (wanted.length >= 3 && (other.startsWith(wanted) || other.endsWith(`.${wanted}`))) ||
      (shared >= 4 && shared * 2 >= longer)
    );
  });
  return near.length === 1 ? near[0] : undefined;
}

function sharedLetters(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
}

/** "Did you mean 'x'?", or undefined when nothing is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const found = closest(name, candidates);
  return found === undefined ? undefined : `Did you mean '${found}'?`;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, before[j - 2]! + 1);
      }
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
