/**
 * A lock between processes that a kill -9 cannot leave behind: whoever holds the lowest ticket of a living process has it.
 * 1. A ticket's name says whose it is and is never used again, so removing a dead one cannot hit a living one.
 * 2. A process that finds a higher ticket right after taking its own gives it back: so a ticket never slips in below a holder's.
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { isAlive, ownIdentity } from './process-identity.ts';

const POLL_MS = 15;

/** Does `work` alone among all processes that use this folder. `onWait` hears once, after a second, who has the lock. */
export async function withLock<T>(
  folder: string,
  work: () => Promise<T>,
  onWait: (pid: number) => void = () => {},
): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const mine = await takeTurn(folder, onWait);
  try {
    return await work();
  } finally {
    rmSync(join(folder, mine), { force: true });
  }
}

async function takeTurn(folder: string, onWait: (pid: number) => void): Promise<string> {
  const mine = await takeTicket(folder);
  const tellAtMs = Date.now() + 1000;
  let told = false;
  for (;;) {
    const ahead = livingTickets(folder).find((ticket) => ticket < mine);
    if (ahead === undefined) return mine;
    if (!told && Date.now() >= tellAtMs) {
      told = true;
      onWait(holderOf(ahead).pid);
    }
    await pause(POLL_MS);
  }
}

async function takeTicket(folder: string): Promise<string> {
  const { pid, born } = ownIdentity();
  for (;;) {
    const highest = readdirSync(folder).toSorted().at(-1);
    const number = highest === undefined ? 1 : Number(highest.split('-')[0]) + 1;
    const mine = [String(number).padStart(9, '0'), pid, born, randomBytes(4).toString('hex')].join(
      '-',
    );
    writeFileSync(join(folder, mine), '', { flag: 'wx' });
    if (!livingTickets(folder).some((ticket) => ticket > mine)) return mine;
    rmSync(join(folder, mine), { force: true });
    await pause(Math.random() * POLL_MS);
  }
}

function livingTickets(folder: string): string[] {
  const tickets = readdirSync(folder).toSorted();
  return tickets.filter((ticket) => {
    if (isAlive(holderOf(ticket))) return true;
    rmSync(join(folder, ticket), { force: true });
    return false;
  });
}

function holderOf(ticket: string): { pid: number; born: string } {
  const [, pid, born] = ticket.split('-');
  return { pid: Number(pid), born: born ?? '' };
}
