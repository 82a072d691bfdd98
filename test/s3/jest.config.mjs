/** Jest for the S3 store on a real server, which is built from source the first time: its own settings, on this folder. */

import { readFileSync } from 'node:fs';

const { jest } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

export default {
  ...jest,
  rootDir: '../..',
  roots: ['<rootDir>/test/s3'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/s3/set-up.ts',
  // Ends what hangs, not what is slow: every wait of a test has its own limit.
  testTimeout: 600_000,
  maxWorkers: 1,
};
