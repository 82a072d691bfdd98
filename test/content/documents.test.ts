import { access } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

import { expect, test } from '@jest/globals';

import { anchors, innerLinks, markdownFiles, readDocument, ROOT } from './documents.ts';

test('every link between the documents leads somewhere', async () => {
  const broken: string[] = [];
  for (const path of await markdownFiles()) {
    const text = await readDocument(path);
    for (const link of innerLinks(text)) {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      const exists = await access(join(ROOT, target)).then(
        () => true,
        () => false,
      );
      const known =
        exists && (anchor === undefined || anchors(await readDocument(target)).has(anchor));
      if (!known) broken.push(`${path}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
});

test('the kinds that the contributing guide shows are those that are tested', async () => {
  const guide = await readDocument('CONTRIBUTING.md');
  const shown = [...guide.matchAll(/<!-- file: (\S+) -->\n\n```ts\n([\s\S]*?)^```$/gm)];
  expect(shown.map(([, path]) => path)).toEqual([
    'test/content/example-table-kind.ts',
    'test/content/example-kind.ts',
    'test/content/example-table-kind.test.ts',
    'test/content/example-kind.test.ts',
  ]);
  for (const [, path, text] of shown) {
    const real = await readDocument(path!);
    expect(text).toBe(withKindPaths(real));
  }
});

/** The imports as they stand when the two files lie where a kind and its test belong. */
function withKindPaths(source: string): string {
  return source
    .replaceAll("'../../src/kinds/", "'./")
    .replaceAll("'../../src/", "'../")
    .replaceAll("'./example-table-kind.ts'", "'../../src/kinds/transform-top.ts'")
    .replaceAll("'./example-kind.ts'", "'../../src/kinds/collect-listing.ts'")
    .replaceAll("'../kinds/harness.ts'", "'./harness.ts'");
}
