import { homedir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { cacheFolder } from '../../../src/run/worker/cache-folder.ts';

test.each([
  [{ XDG_CACHE_HOME: '/cache', HOME: '/home/ann' }, '/cache'],
  [{ HOME: '/home/ann' }, '/home/ann/.cache'],
  [{ XDG_CACHE_HOME: '', HOME: '/home/ann' }, '/home/ann/.cache'],
  [{ XDG_CACHE_HOME: 'caches', HOME: '/home/ann' }, '/home/ann/.cache'],
  [{ HOME: '' }, join(homedir(), '.cache')],
  [{}, join(homedir(), '.cache')],
])('with %j caches lie in %s', (env, folder) => {
  expect(cacheFolder(env)).toBe(folder);
});
