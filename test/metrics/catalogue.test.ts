import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { CATALOGUE } from '../../src/metrics/catalogue.ts';
import { ROOT } from '../harness/cli.ts';

test('docs/metrics.md tells of every metric, of no other, with its type, labels and meaning', async () => {
  const text = await readFile(join(ROOT, 'docs/metrics.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(pipeline_\w+)` \| (\w+) \| (.+) \| (.+) \|$/gm)].map(
    ([, ...cells]) => cells,
  );
  expect(rows).toEqual(
    CATALOGUE.map(({ name, type, labels, help }) => [name, type, labels.join(', ') || '-', help]),
  );
});
