import { expect, test } from '@jest/globals';

import { attempt } from '../../src/hooks/attempt.ts';
import { withReceiver } from '../harness/receiver.ts';
import { dueOf, ENDED_MS, httpHook, RUN } from './fixtures.ts';

import type { DueHook } from '../../src/hooks/due.ts';

const NEVER = new AbortController().signal;

function sendingAt(nowMs: number) {
  return {
    env: {},
    now: () => nowMs,
    secret: () => undefined,
    redact: (text: string) => text,
  };
}

test('pauses grow fourfold from a second to five minutes', () =>
  withReceiver({ behave: () => 500 }, async (receiver) => {
    const pauses: number[] = [];
    let [hook] = dueOf([httpHook(receiver.url)]).hooks as [DueHook];
    for (let i = 0; i < 7; i += 1) {
      hook = (await attempt(hook, RUN, ENDED_MS, sendingAt(ENDED_MS), NEVER))!;
      pauses.push(hook.nextAtMs - ENDED_MS);
    }
    expect(pauses).toEqual([1_000, 4_000, 16_000, 64_000, 256_000, 300_000, 300_000]);
    expect(hook).toMatchObject({ state: 'waiting', tries: 7, error: expect.stringMatching(/500/) });
  }));

test('a receiver may ask to be left alone for longer, within the same bound', () =>
  withReceiver({ behave: () => 429, retryAfter: ['30', '86400'] }, async (receiver) => {
    let [hook] = dueOf([httpHook(receiver.url)]).hooks as [DueHook];
    const pauses: number[] = [];
    for (let i = 0; i < 2; i += 1) {
      hook = (await attempt(hook, RUN, ENDED_MS, sendingAt(ENDED_MS), NEVER))!;
      pauses.push(hook.nextAtMs - ENDED_MS);
    }
    expect(pauses).toEqual([30_000, 300_000]);
  }));

test('one that is broken off because the process ends counts as no try', () =>
  withReceiver({ behave: () => 'hangs' }, async (receiver) => {
    const [hook] = dueOf([httpHook(receiver.url)]).hooks as [DueHook];
    const stop = new AbortController();
    const trying = attempt(hook, RUN, ENDED_MS, sendingAt(ENDED_MS), stop.signal);
    stop.abort();
    expect(await trying).toBeUndefined();
  }));
