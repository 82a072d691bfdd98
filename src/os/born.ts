/** When a process started. A pid alone does not tell processes apart: the system hands it out again. */

import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * When a process started, in the system's own terms: letters and digits only, never parsed. Undefined if
 * there is none, or if it is a zombie. The keeper's script computes the same text, so the two must change
 * together.
 */
export function bornOf(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid < 1) return undefined;
  return process.platform === 'linux' ? bornFromProc(pid) : bornFromPs(pid);
}

/**
 * True if a process of this pid lives whose start cannot be read: of another user where /proc hides those,
 * or of any where /proc is that of another pid namespace.
 */
export function isHidden(pid: number): boolean {
  if (process.platform !== 'linux' || !Number.isSafeInteger(pid) || pid < 1) return false;
  if (procIsOurs() && readStat(String(pid)) !== undefined) return false;
  try {
    process.kill(pid, 0);
    return !procIsOurs();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** proc(5): fields 3 and 22 of /proc/<pid>/stat; the command's name may hold spaces and brackets. */
function bornFromProc(pid: number): string | undefined {
  if (pid !== process.pid && !procIsOurs()) return undefined;
  const stat = readStat(pid === process.pid ? 'self' : String(pid));
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

/** False where /proc shows the processes of another pid namespace, under other numbers. */
function procIsOurs(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid);
  } catch {
    return false;
  }
}

function readStat(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
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
