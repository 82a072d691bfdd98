/** Says who it is, and what it thinks of a process that it is told of, and of its own child under another start. */

import { spawn } from 'node:child_process';

import { ownOwner, stateOf } from '../../../src/os/owner.ts';

import type { Owner } from '../../../src/os/owner.ts';

const other = JSON.parse(process.argv[2] ?? '') as Owner;
const own = ownOwner();
const child = spawn('sleep', ['10']);
const namesake = stateOf({ ...own, pid: child.pid ?? -1, born: '1' });
child.kill('SIGKILL');
process.stdout.write(
  JSON.stringify({ own, ownState: stateOf(own), state: stateOf(other), namesake }),
);
