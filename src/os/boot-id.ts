/** Names the machine's current boot: what was only in memory before it may be damaged on disk. */

import { readFileSync } from 'node:fs';

/** A text that changes with every boot; a constant where the system does not tell. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
