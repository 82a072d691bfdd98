import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ROOT, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';
import { BUCKET, withS3 } from '../harness/s3-server.ts';

import type { Running } from '../harness/cli.ts';

const QUICK = ['--job', join(ROOT, 'jobs/standard.yaml'), '--profile', 'quick'];
const ENV = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'of the test' };
/** Requests between two kills, prime to what a step asks. */
const EVERY = 11;
const KILLS = 9;

test('killed at a request, before or after it was done, again and again: the same command ends with the same bytes', () =>
  withProject({}, (project) =>
    withS3(async (server) => {
      const plain = await project.run(['run-profile', ...QUICK, '--out', 'plain']);
      expect(plain.code).toBe(0);
      const store = `s3://${BUCKET}/pre?endpoint=${server.endpoint}`;
      const words = [
        'run-profile',
        ...QUICK,
        '--out',
        'out',
        '--state-dir',
        'st',
        '--store',
        store,
      ];
      let running: Running | undefined;
      let left = EVERY;
      let kills = 0;
      server.fault = () => {
        if (kills === KILLS || (left -= 1) > 0) return undefined;
        kills += 1;
        // The next one comes later: what was done stays done.
        left = EVERY * (kills + 1);
        running?.kill('SIGKILL');
        return kills % 2 === 0 ? 'lose-answer' : 'lose-request';
      };
      for (let tries = 0; tries <= KILLS; tries += 1) {
        running = project.start(words, ENV);
        if ((await running.ended).code === 0) break;
      }
      expect((await running!.ended).code).toBe(0);
      expect(kills).toBeGreaterThan(2);
      expect(await contentOf(project.path('out'))).toEqual(await contentOf(project.path('plain')));
      const other = [
        'run-profile',
        ...QUICK,
        '--out',
        'other',
        '--state-dir',
        'st2',
        '--store',
        store,
      ];
      const found = await project.run(other, ENV);
      expect([found.code, found.stderr]).toEqual([0, expect.stringContaining('CACHED')]);
      expect(await contentOf(project.path('other'))).toEqual(
        await contentOf(project.path('plain')),
      );
    }),
  ));

test('a service that fails one request in five and is slow costs a run time, and nothing else', () =>
  withProject({}, (project) =>
    withS3(async (server) => {
      const store = `s3://${BUCKET}/pre?endpoint=${server.endpoint}`;
      const faults = [
        'lose-answer',
        { refuse: 503, code: 'SlowDown' },
        'cut',
        'lose-request',
      ] as const;
      let asked = 0;
      server.fault = () => {
        asked += 1;
        if (asked % 5 === 0) return faults[(asked / 5) % faults.length];
        return { wait: new Promise((resolve) => setTimeout(resolve, 20)) };
      };
      const words = ['run-profile', ...QUICK, '--store', store];
      const both = ['one', 'two'].map((name) =>
        project.start([...words, '--out', name, '--state-dir', `st-${name}`], ENV),
      );
      for (const { ended } of both) expect((await ended).code).toBe(0);
      expect(await contentOf(project.path('one'))).toEqual(await contentOf(project.path('two')));
    }),
  ));
