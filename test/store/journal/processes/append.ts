/** A process that appends letters, as many as told, and says which of them it won, a line each. */

import { writeSync } from 'node:fs';

import { openLetters } from '../letters.ts';

const [folder = '', by = '', count = '0', sealBytes = '4000'] = process.argv.slice(2);
const journal = openLetters(folder, Number(sealBytes));
for (let i = 0; i < Number(count); i += 1) {
  const [verdict] = await journal.append([{ letter: String(i), by }]);
  if (verdict?.won === true) writeSync(1, `${i}\n`);
  // A breath for compactions, and for rivals to come in between.
  if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
}
await journal.settled();
