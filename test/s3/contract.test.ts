import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll } from '@jest/globals';

import { openS3Store } from '../../src/store/s3/open-s3-store.ts';
import { testStore } from '../store/contract.ts';
import { startVersitygw } from './versitygw.ts';

import type { S3Service } from './versitygw.ts';

let folder: string;
let server: S3Service;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'builder-versitygw-'));
  server = await startVersitygw(folder);
  Object.assign(process.env, server.env);
});
afterAll(async () => {
  await server.kill();
  await rm(folder, { recursive: true, force: true });
});

testStore('a bucket of a real server', async (own) => {
  const address = server.address(randomBytes(4).toString('hex'));
  return openS3Store({ address, stateDir: join(own, 'state') });
});
