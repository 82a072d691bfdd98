/** Tells whether a process seen earlier still lives. A pid alone does not say so: the system hands it out again. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export type ProcessIdentity = {
  readonly pid: number;
  /** When it started, in the system's own terms: letters and digits only, never parsed. */
  readonly born: string;
};

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, born: bornOf(process.pid) ?? 'unknown' };
}

/** True while this very process runs; a zombie does not. */
export function isAlive({ pid, born }: ProcessIdentity): boolean {
  return bornOf(pid) === born;
}

/**
 * When a process started, or undefined if there is none. The keeper's script computes the same text,
 * so the two must change together.
 */
export function bornOf(pid: number): string | undefined {
  return process.platform === 'linux' ? bornFromProc(pid) : bornFromPs(pid);
}

/** proc(5): fields 3 and 22 of /proc/<pid>/stat; the command's name may hold spaces and brackets. */
function bornFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

function bornFromPs(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const space = text.indexOf(' ');
    return text.startsWith('Z') ? undefined : text.slice(space).replaceAll(/[^A-Za-z0-9]/g, '');
  } catch {
    return undefined;
  }
}
