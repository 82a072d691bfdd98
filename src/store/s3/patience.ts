/** Makes a request again as long as its failure may pass, for a bounded time, with growing pauses. */

import { setTimeout as pause } from 'node:timers/promises';

import { explainS3, isPassing, isWithoutCredentials } from './s3-failure.ts';

import type { S3Place } from './s3-place.ts';

const FIRST_PAUSE_MS = 50;
const MOST_PAUSE_MS = 5000;

/** `sinceMs`: since when it has failed, by performance.now(); else since it was asked. */
export type Patient = <T>(
  request: (tries: number) => Promise<T>,
  sinceMs?: () => number,
) => Promise<T>;

/**
 * Patience for the requests of one store. `limitMs` says how long: it is asked at each failure. `isAnswer` tells
 * failures that are answers, which come out as they are. `wasOpen`: once it was, credentials were there, and come back. @throws UserError for every other one
 */
export function makePatience(
  place: S3Place,
  limitMs: () => number,
  {
    isAnswer,
    wasOpen = () => false,
  }: {
    readonly isAnswer: (error: unknown) => boolean;
    readonly wasOpen?: (() => boolean) | undefined;
  },
): Patient {
  return async (request, sinceMs) => {
    const begunMs = performance.now();
    for (let tries = 1; ; tries += 1) {
      try {
        return await request(tries);
      } catch (error) {
        if (isAnswer(error)) throw error;
        const pauseMs = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
        const left = limitMs() - (performance.now() - (sinceMs?.() ?? begunMs));
        const mayPass = isPassing(error) || (wasOpen() && isWithoutCredentials(error));
        if (!mayPass || left <= 0) throw explainS3(error, place);
        await pause(pauseMs * (0.5 + Math.random() / 2));
      }
    }
  };
}
