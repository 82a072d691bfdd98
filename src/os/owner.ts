/**
 * Who owns something, and whether that process still lives.
 *
 * 1. A pid means something only in its pid namespace, a namespace only in its boot.
 * 2. A process that cannot be seen from here is unknown. It is never called dead for that.
 */

import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

import { readBootId } from './boot-id.ts';
import { bornOf, isHidden } from './born.ts';

/** A process, told apart from every other one on every machine. Plain JSON. */
export type Owner = {
  readonly host: string;
  /** The machine's boot; 'unknown' where the system does not tell. */
  readonly boot: string;
  /** The number of its pid namespace; empty where there are none. */
  readonly pidns: string;
  readonly pid: number;
  /** When it started, in the system's own terms. */
  readonly born: string;
};

/** What an earlier version wrote down: where the process ran is not told. */
export type OldOwner = Pick<Owner, 'pid' | 'born'> & Partial<Owner>;

export type OwnerState = 'alive' | 'dead' | 'unknown';

/** The number that Linux gives to the pid namespace of the machine itself. */
const MACHINE_PIDNS = '4026531836';

let own: Owner | undefined;

/** This process. */
export function ownOwner(): Owner {
  own ??= Object.freeze({
    host: hostname(),
    boot: readBootId(),
    pidns: pidNamespace(),
    pid: process.pid,
    born: bornOf(process.pid) ?? 'unknown',
  });
  return own;
}

/** Whether the owner lives, as far as it can be known from `here`. A zombie is dead. */
export function stateOf(owner: OldOwner, here: Owner = ownOwner()): OwnerState {
  switch (sightOf(owner, here)) {
    case 'none':
      return 'unknown';
    case 'gone with its boot':
      return 'dead';
    case 'maybe':
      return bornOf(owner.pid) === owner.born ? 'alive' : 'unknown';
    case 'clear': {
      const born = bornOf(owner.pid);
      if (born !== undefined) return born === owner.born ? 'alive' : 'dead';
      return isHidden(owner.pid) ? 'unknown' : 'dead';
    }
  }
}

/** True for this very process. */
export function isOwn(owner: OldOwner): boolean {
  const { boot, pidns, pid, born } = ownOwner();
  return (
    owner.pid === pid &&
    owner.born === born &&
    (owner.boot ?? boot) === boot &&
    (owner.pidns ?? pidns) === pidns
  );
}

/** Eight hex digits, the same for every process that sees the same pids. */
export function placeOf({ boot, pidns, host }: Owner): string {
  const place = boot === 'unknown' ? `${host}\n${pidns}` : `${boot}\n${pidns}`;
  return createHash('sha256').update(place).digest('hex').slice(0, 8);
}

/** The owner for a person, such as `process 7 on web-1 (pid namespace 4026532201)`. */
export function describeOwner(owner: OldOwner): string {
  const host = owner.host === undefined ? '' : ` on ${owner.host}`;
  const isInside = (owner.pidns ?? '') !== '' && owner.pidns !== MACHINE_PIDNS;
  return `process ${owner.pid}${host}${isInside ? ` (pid namespace ${owner.pidns})` : ''}`;
}

type Sight = 'clear' | 'maybe' | 'none' | 'gone with its boot';

function sightOf(owner: OldOwner, here: Owner): Sight {
  const { host, boot, pidns } = owner;
  if (host === undefined || boot === undefined || pidns === undefined) return 'maybe';
  if (boot === 'unknown' || here.boot === 'unknown') {
    return boot === here.boot && host === here.host && pidns === here.pidns ? 'clear' : 'none';
  }
  if (boot === here.boot) return pidns === here.pidns && pidns !== '' ? 'clear' : 'none';
  // A container keeps its host's name when it moves to another machine; a machine does not move.
  const isMachine = pidns === MACHINE_PIDNS && here.pidns === MACHINE_PIDNS;
  return isMachine && host === here.host ? 'gone with its boot' : 'none';
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '');
  } catch {
    return '';
  }
}
