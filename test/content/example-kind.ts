/** `collect.listing`: lists files with size and hash, without keeping them. */

import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { z } from 'zod';

import { defineStep } from '../../src/kinds/contract.ts';

type Options = { readonly files: readonly string[] };

export const collectListing = defineStep<Options>({
  kind: 'collect.listing',
  version: '1',
  summary: 'Lists files with size and hash.',
  schema: z.strictObject({ files: z.array(z.string()).min(1) }),
  roles: { paths: ['files.*'] },
  sources: ({ files }) => files,
  async run(_options, { folder, sources }) {
    const lines = sources.map((s) => `${basename(s.original)},${s.bytes},${s.sha256}`);
    const path = join(folder, 'listing.csv');
    await writeFile(path, ['name,bytes,sha256', ...lines, ''].join('\n'));
    return {
      outputs: { table: { path, format: 'csv', rows: lines.length } },
      values: { bytes: sources.reduce((sum, s) => sum + s.bytes, 0) },
      rows: { out: lines.length },
    };
  },
});
