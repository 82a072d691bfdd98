import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { openS3Store } from '../../src/store/s3/open-s3-store.ts';
import { until } from '../harness/cli.ts';
import { factOf, withFolder } from '../store/fixtures.ts';
import { withVersitygw } from './versitygw.ts';

import type { ChildProcess } from 'node:child_process';

const PROCESS = fileURLToPath(new URL('processes/use-store.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../engine/processes/typescript.mjs', import.meta.url));

type User = { readonly lines: string[]; kill(): Promise<void>; readonly ended: Promise<unknown> };

test('four processes race for facts on a real server, are killed, and it is killed: each fact is won once, each result whole', () =>
  withFolder((folder) =>
    withVersitygw(folder, async (service) => {
      const address = service.address('race');
      const started: ChildProcess[] = [];
      try {
        const use = (name: string): User => {
          const words = ['--import', LOADER, PROCESS, address, folder, name];
          const env = { ...process.env, ...service.env };
          const child = spawn(process.execPath, words, {
            env,
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          const lines: string[] = [];
          let rest = '';
          child.stdout.setEncoding('utf8').on('data', (text: string) => {
            const parts = (rest + text).split('\n');
            rest = parts.pop() ?? '';
            lines.push(...parts);
          });
          const ended = once(child, 'close');
          started.push(child);
          const kill = async (): Promise<void> => {
            child.kill('SIGKILL');
            await ended;
          };
          return { lines, kill, ended };
        };
        const first = ['a', 'b', 'c', 'd'].map(use);
        const told = (): number => first.reduce((sum, { lines }) => sum + lines.length, 0);
        const reaches = (count: number): Promise<unknown> =>
          until(() => told() >= count, `${count} lines`, 60_000);
        await reaches(10);
        await first[0]!.kill();
        await reaches(20);
        await service.kill();
        await first[1]!.kill();
        await service.start();
        await reaches(30);
        service.pause();
        await first[2]!.kill();
        service.wake();
        const second = ['a', 'b', 'c'].map(use);
        await Promise.all([...second, first[3]!].map(({ ended }) => ended));
        for (const { lines } of [...second, first[3]!]) expect(lines.at(-1)).toBe('done');

        Object.assign(process.env, service.env);
        const store = await openS3Store({ address, stateDir: join(folder, 'judge') });
        const lines = [...first, ...second].flatMap((user) => user.lines);
        const wins = lines.filter((line) => line.startsWith('won '));
        expect(new Set(wins).size).toBe(wins.length);
        const again = await store.append(
          Array.from({ length: 60 }, (_, i) => factOf({ runId: `run-${i}`, atMs: Date.now() })),
        );
        expect(again.filter(({ won }) => won)).toEqual([]);
        const changes = await store.changes();
        const runs = 'all' in changes ? changes.all.sums['9099']?.runs : {};
        expect(Object.values(runs ?? {})[0]?.statuses['OK']).toBe(60);
        for (const line of new Set(lines.filter((one) => one.startsWith('stored ')))) {
          const { result } = (await store.findResult(line.slice('stored '.length)))!;
          expect(await store.verify(result.outputs['table']!, { deep: true })).toBe(true);
        }
        store.close();
      } finally {
        for (const child of started) child.kill('SIGKILL');
      }
    }),
  ));
