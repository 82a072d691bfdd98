/** Names this machine and its process namespace: a pid means nothing outside of them (a container has its own). */

import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

let place: string | undefined;

/** Eight hex digits, the same for every process that sees the same pids. */
export function processPlace(): string {
  place ??= createHash('sha256')
    .update(`${hostname()}\n${pidNamespace()}`)
    .digest('hex')
    .slice(0, 8);
  return place;
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
