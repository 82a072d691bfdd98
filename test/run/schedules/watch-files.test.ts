import { rename, writeFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { watchFiles } from '../../../src/run/schedules/watch-files.ts';
import { until, withProject } from '../../harness/cli.ts';

test('a file that is written, renamed over, or new is told, each as one change', () =>
  withProject({ 'jobs/a.yaml': 'job: a\n' }, async (project) => {
    let told = 0;
    const watcher = watchFiles(() => (told += 1), { settledMs: 50, lookEveryMs: 3_600_000 });
    watcher.folders([project.path('jobs'), project.path('not-there')]);
    try {
      await writeFile(project.path('jobs/a.yaml'), 'job: b\n');
      await until(() => told === 1, 'a write is told');
      // As editors do it: the old name is given to another file.
      for (const round of [2, 3]) {
        await writeFile(project.path('jobs/.a.yaml.new'), `job: c${round}\n`);
        await rename(project.path('jobs/.a.yaml.new'), project.path('jobs/a.yaml'));
        await until(() => told === round, 'a rename is told');
      }
      await project.write({ 'jobs/b.yaml': 'job: b\n' });
      await until(() => told === 4, 'a new file is told');
    } finally {
      watcher.close();
    }
  }));

test('where nothing tells of changes, it is looked anyway', async () => {
  let told = 0;
  const watcher = watchFiles(() => (told += 1), { settledMs: 1, lookEveryMs: 10 });
  try {
    watcher.folders(['/nowhere']);
    await until(() => told > 2, 'it is looked now and then');
    expect(told).toBeGreaterThan(2);
  } finally {
    watcher.close();
  }
});
