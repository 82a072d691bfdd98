import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { groupEmpties, groupMembers } from '../../../src/os/process-group.ts';
import { runProcess } from '../../../src/kinds/command/run-process.ts';

import type { ProcessOptions } from '../../../src/kinds/command/run-process.ts';

type Started = {
  readonly ended: ReturnType<typeof runProcess>;
  readonly abort: AbortController;
  readonly folder: string;
  readonly group: () => number;
  /** Resolves when the command has printed this. */
  readonly printed: (text: string) => Promise<void>;
};

const nothing = (): void => undefined;

async function withScript(
  script: string,
  work: (started: Started) => Promise<void>,
  more: Partial<ProcessOptions> = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'builder-process-'));
  const abort = new AbortController();
  let group = 0;
  let text = '';
  let look: () => void = nothing;
  const ended = runProcess({
    argv: ['/bin/sh', '-c', script],
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '' },
    signal: abort.signal,
    out: {
      push: (piece) => {
        text += piece;
        look();
      },
      end: nothing,
    },
    err: { push: nothing, end: nothing },
    onStart: (started) => {
      group = started;
      return nothing;
    },
    ...more,
  });
  const printed = async (awaited: string): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (text.includes(awaited)) resolve();
      };
      look();
    });
  try {
    await work({ ended, abort, folder, group: () => group, printed });
  } finally {
    abort.abort();
    await ended.catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  }
}

test('answers the exit code, and nothing of the group is left', async () => {
  await withScript('exit 7', async ({ ended, group }) => {
    expect(await ended).toEqual({ code: 7, signal: null, leftBehind: 0 });
    expect(groupMembers(group())).toEqual([]);
  });
});

test('names the signal that ended it', async () => {
  await withScript('kill -KILL $$', async ({ ended }) => {
    expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL' });
  });
});

test('a program that waits for all its children is not kept waiting', async () => {
  const waits = `exec perl -e 'fork() || exit 0; 1 while wait() != -1; print "no more children\\n"'`;
  await withScript(waits, async ({ ended, printed }) => {
    await printed('no more children');
    expect(await ended).toMatchObject({ code: 0 });
  });
});

test('ends what the command leaves running, though it holds the output open', async () => {
  await withScript('sleep 100 & sleep 100 & exit 0', async ({ ended, group }) => {
    expect(await ended).toEqual({ code: 0, signal: null, leftBehind: 2 });
    expect(groupMembers(group())).toEqual([]);
  });
});

test('does not wait for a process that left the group and holds the output open', async () => {
  const leaves = `perl -MPOSIX -e 'if (!fork()) { setsid(); open F, ">", "pid"; print F $$; close F; rename "pid", "escaped"; sleep 100 }' & while [ ! -e escaped ]; do :; done`;
  await withScript(leaves, async ({ ended, folder }) => {
    expect(await ended).toMatchObject({ code: 0 });
    process.kill(Number(readFileSync(join(folder, 'escaped'), 'utf8')), 'SIGKILL');
  });
});

test('on abort, ends the whole group by SIGTERM and lets it tidy up', async () => {
  const tidies = `(trap 'sleep 0.2; echo tidied > mark; exit 0' TERM; echo ready; while :; do sleep 0.02; done) & wait`;
  await withScript(tidies, async ({ ended, abort, printed, folder, group }) => {
    await printed('ready');
    abort.abort();
    expect(await ended).toMatchObject({ signal: 'SIGTERM' });
    expect(readFileSync(join(folder, 'mark'), 'utf8')).toBe('tidied\n');
    expect(groupMembers(group())).toEqual([]);
  });
});

test('on abort, kills after its grace what ignores SIGTERM, grandchildren as well', async () => {
  const stubborn = `trap '' TERM; (sh -c "trap '' TERM; sleep 100; sleep 100" & wait) & echo ready; while :; do sleep 100; done`;
  await withScript(
    stubborn,
    async ({ ended, abort, printed, group }) => {
      await printed('ready');
      const before = Date.now();
      abort.abort();
      expect(await ended).toMatchObject({ signal: 'SIGKILL' });
      expect(Date.now() - before).toBeGreaterThanOrEqual(200);
      expect(groupMembers(group())).toEqual([]);
    },
    { graceMs: 200 },
  );
});

test('starts nothing when it was aborted before', async () => {
  const abort = AbortSignal.abort(new Error('too late'));
  await withScript(
    'echo started',
    async ({ ended }) => {
      await expect(ended).rejects.toThrow('too late');
    },
    { signal: abort },
  );
});

test('is in a group of its own, away from the terminal of the worker', async () => {
  await withScript('echo ready; read -r _ || true; sleep 100', async ({ printed, group }) => {
    await printed('ready');
    expect(groupMembers(group())).toContain(group());
    expect(groupMembers(group())).not.toContain(process.pid);
  });
});

test('kills the group when the note about it cannot be written', async () => {
  let group = 0;
  const onStart = (started: number): (() => void) => {
    group = started;
    throw new Error('disk full');
  };
  await withScript(
    'sleep 100',
    async ({ ended }) => {
      await expect(ended).rejects.toThrow('disk full');
      expect(await groupEmpties(group, 2_000)).toBe(true);
    },
    { onStart },
  );
});
