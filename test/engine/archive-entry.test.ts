import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { expect, test } from '@jest/globals';

import { entryOfTarGz, entryOfZip, writeHashed } from '../../src/engine/archive-entry.ts';
import { tarGz, zip } from './archives.ts';

const LONG = 'server '.repeat(10_000);

test('takes a file out of a tar whatever lies before it and however it is cut into pieces', async () => {
  const bytes = tarGz({ LICENSE: 'free', 'a/empty': '', 'bin/temporal': LONG, later: 'x' });
  const pieces = [...bytes].map((byte) => Buffer.from([byte]));
  expect(await text(await entryOfTarGz(Readable.from(pieces), 'temporal'))).toBe(LONG);
  expect(await text(await entryOfTarGz(Readable.from([bytes]), 'temporal'))).toBe(LONG);
});

test('refuses a tar that ends early or lacks the file', async () => {
  const bytes = tarGz({ temporal: LONG });
  const half = Readable.from([bytes.subarray(0, bytes.length / 2)]);
  await expect(text(await entryOfTarGz(half, 'temporal'))).rejects.toThrow(
    /unexpected end of file|truncated/i,
  );
  const other = Readable.from([tarGz({ LICENSE: 'free' })]);
  await expect(text(await entryOfTarGz(other, 'temporal'))).rejects.toThrow('no complete');
});

test('takes a file out of a zip, and refuses one that is cut or lacks it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zip-'));
  try {
    const path = join(folder, 'a.whl');
    const bytes = zip({ 'x.dist-info/METADATA': 'name', 'x.data/scripts/temporal': LONG });
    writeFileSync(path, bytes);
    expect(await text(await entryOfZip(path, '/scripts/temporal'))).toBe(LONG);
    await expect(entryOfZip(path, '/scripts/other')).rejects.toThrow('nothing that ends with');
    writeFileSync(path, bytes.subarray(0, bytes.length - 30));
    await expect(entryOfZip(path, '/scripts/temporal')).rejects.toThrow(
      /end of central directory/i,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('writes an executable and answers what it hashes to', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hashed-'));
  try {
    const path = join(folder, 'temporal');
    const sha256 = await writeHashed(Readable.from([Buffer.from(LONG)]), path);
    expect(sha256).toBe(createHash('sha256').update(LONG).digest('hex'));
    expect(readFileSync(path, 'utf8')).toBe(LONG);
    expect(statSync(path).mode & 0o111).not.toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
