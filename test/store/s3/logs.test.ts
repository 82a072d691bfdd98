import { expect, test } from '@jest/globals';

import { recordOf, closed, started } from '../prune/runs.ts';
import { fileIn } from '../fixtures.ts';
import { withCloud } from './fixtures.ts';

test('what a step wrote on one machine is read on another, and is not told twice on its own', () =>
  withCloud(async ({ open, folder }) => {
    const [one, other] = [await open({ name: 'one' }), await open({ name: 'other' })];
    one.logs?.keep('run', 'clean', await fileIn(folder, 'clean.log', 'one line\n'));
    one.logs?.keep('run', 'score[3]', await fileIn(folder, 'score.log', 'another\n'));
    one.logs?.keep('run', 'none', 'there is no such file');
    await one.settled();
    expect(await other.logs?.others('run', () => true)).toEqual(
      new Map([
        ['clean', 'one line\n'],
        ['score[3]', 'another\n'],
      ]),
    );
    expect(await one.logs?.others('run', () => true)).toEqual(new Map());
  }));

test('of a long log the end is kept', () =>
  withCloud(async ({ open, folder }) => {
    const [one, other] = [await open({ name: 'one' }), await open({ name: 'other' })];
    const lines = Array.from({ length: 40_000 }, (_, i) => `line ${i}`).join('\n');
    one.logs?.keep('run', 'step', await fileIn(folder, 'log', `${lines}\n`));
    await one.settled();
    const text = (await other.logs?.others('run', () => true))?.get('step') ?? '';
    expect(text.length).toBeLessThan(300_000);
    expect(text).toMatch(/^the beginning is in .*\nline \d+\n/);
    expect(text).toMatch(/\nline 39999\n$/);
  }));

test('the logs of a run go with it', () =>
  withCloud(async ({ server, open, folder }) => {
    const store = await open();
    await store.append([started('gone'), closed('gone'), started('stays')]);
    store.logs?.keep('gone', 'step', await fileIn(folder, 'log', 'text'));
    store.logs?.keep('stays', 'step', await fileIn(folder, 'log2', 'text'));
    await store.settled();
    await store.prune((pruning) =>
      pruning.forgetRuns([{ record: recordOf('gone'), silent: true }]),
    );
    const kept = [...server.objects.keys()].filter((key) => key.includes('logs/'));
    expect(kept).toEqual([expect.stringContaining('logs/stays/')]);
  }));
