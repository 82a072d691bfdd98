/** Jest for what `npm test` leaves out because it needs real servers: its own settings, on this folder. */

import { readFileSync } from 'node:fs';

const { jest } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

export default {
  ...jest,
  rootDir: '../..',
  roots: ['<rootDir>/test/monitoring'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/monitoring/set-up.ts',
  // Ends what hangs, not what is slow: every wait of a test has its own limit.
  testTimeout: 600_000,
  maxConcurrency: 3,
  // Most of it is waiting for the next scrape: the stack's, which come each 15 seconds, beside all others.
  maxWorkers: 2,
};
