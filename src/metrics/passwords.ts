/**
 * Whether a user and a password are right, without holding up whoever asks: a hash of bcrypt takes a tenth of a second
 * of a processor, and anybody who reaches the port can ask for one.
 *
 * 1. What was compared once is known by its digest, right or wrong.
 * 2. All else is compared in a thread of its own, one after the other, with a rest after what was wrong. Few may wait, and
 *    fewer from one address, so that who guesses leaves room for others; the rest are told to come again.
 * 3. A user that there is not takes as long as one that there is.
 */

import { createHmac, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

export type Verdict = 'right' | 'wrong' | 'busy';

/** Names to bcrypt hashes. */
export type Users = Readonly<Record<string, string>>;

type Compare = (password: string, hash: string) => Promise<boolean>;

const MOST_WAITING = 16;
const MOST_OF_ADDRESS = 4;
const MOST_KNOWN = 1_000;
/** Guessing takes at most this share of one processor. */
const REST_PER_WORK = 2;

/** Judges the value of an `Authorization` header that came from an address. */
export function makePasswords(
  users: Users,
  compare: Compare = compareApart,
): (authorization: string | undefined, address?: string) => Promise<Verdict> {
  const key = randomBytes(32);
  const known = new Map<string, 'right' | 'wrong'>();
  const going = new Map<string, { readonly judging: Promise<Verdict>; readonly address: string }>();
  /** Compared instead for a user that there is not. */
  const nobody = Object.values(users).toSorted().at(-1) ?? '';
  let last: Promise<unknown> = Promise.resolve();

  const judge = async (user: string, password: string): Promise<'right' | 'wrong'> => {
    const hash = Object.hasOwn(users, user) ? users[user] : undefined;
    const isRight = await compare(password, hash ?? nobody);
    return isRight && hash !== undefined ? 'right' : 'wrong';
  };
  /** Settles when the next may be compared. Never rejects. */
  const over = async (judging: Promise<Verdict>, begunAt: () => number): Promise<void> => {
    const verdict = await judging.catch(() => 'wrong');
    if (verdict === 'right') return;
    await pause((performance.now() - begunAt()) * REST_PER_WORK, undefined, { ref: false });
  };

  return async (authorization, address = '') => {
    const given = parse(authorization);
    if (given === undefined) return 'wrong';
    const digest = createHmac('sha256', key).update(given.text).digest('hex');
    const verdict = known.get(digest) ?? going.get(digest)?.judging;
    if (verdict !== undefined) return verdict;
    const beside = [...going.values()].filter((one) => one.address === address).length;
    if (going.size >= MOST_WAITING || beside >= MOST_OF_ADDRESS) return 'busy';
    let begunAt = 0;
    const judging = last.then(async () => {
      begunAt = performance.now();
      const found = await judge(given.user, given.password);
      if (known.size >= MOST_KNOWN) forgetOne(known);
      known.set(digest, found);
      return found;
    });
    going.set(digest, { judging, address });
    const done = (): void => void going.delete(digest);
    judging.then(done, done);
    last = over(judging, () => begunAt);
    return judging;
  };
}

function parse(
  authorization: string | undefined,
): { readonly text: string; readonly user: string; readonly password: string } | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? [];
  const text = Buffer.from(encoded ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  return { text, user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The oldest that was wrong: those who may read are never forgotten for those who guess. */
function forgetOne(known: Map<string, 'right' | 'wrong'>): void {
  for (const [digest, verdict] of known) {
    if (verdict === 'right') continue;
    known.delete(digest);
    return;
  }
}

/** bcrypt is plain JavaScript: in this thread everything else would wait for it. */
const THREAD = `
const { workerData, parentPort } = require('node:worker_threads');
const { module, password, hash } = workerData;
const bcrypt = require(module);
parentPort.postMessage((bcrypt.default ?? bcrypt).compareSync(password, hash));
`;

function compareApart(password: string, hash: string): Promise<boolean> {
  const module = createRequire(import.meta.url).resolve('bcryptjs');
  return new Promise((resolve, reject) => {
    const thread = new Worker(THREAD, {
      eval: true,
      workerData: { module, password, hash },
      env: {},
    });
    thread.unref();
    thread.once('message', (isRight: boolean) => resolve(isRight));
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the comparison of a password was cut short')));
  });
}
