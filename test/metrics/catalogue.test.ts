import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { CATALOGUE } from '../../src/metrics/catalogue.ts';
import { ROOT } from '../harness/cli.ts';

test('the monitoring README gives the metrics that it names the type and the labels that they have', async () => {
  const text = await readFile(join(ROOT, 'monitoring/README.md'), 'utf8');
  const rows = [
    ...text.matchAll(/^\| `(pipeline_\w+)` \((\w+)\) \| the same; labels ([^;|:]+)/gm),
  ].map(([, name, type, labels = '']) => [
    name,
    type,
    [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  ]);
  const named = rows.map(([name]) => name);
  expect(named).toHaveLength(5);
  expect(rows).toEqual(
    CATALOGUE.filter(({ name }) => named.includes(name)).map(({ name, type, labels }) => [
      name,
      type,
      labels,
    ]),
  );
});

test('docs/metrics.md tells of every metric, of no other, with its type, labels and meaning', async () => {
  const text = await readFile(join(ROOT, 'docs/metrics.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(pipeline_\w+)` \| (\w+) \| (.+) \| (.+) \|$/gm)].map(
    ([, ...cells]) => cells,
  );
  expect(rows).toEqual(
    CATALOGUE.map(({ name, type, labels, help }) => [name, type, labels.join(', ') || '-', help]),
  );
});
