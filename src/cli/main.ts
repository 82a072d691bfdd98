/** Entry of the CLI. The only file that reads process.env and process.argv. */

import { hideEnvironment } from './hide-environment.ts';
import { leave } from './leave.ts';
import { runCommand } from './program.ts';
import { ignoresHup } from './signals.ts';

// Before anything is started that could look.
hideEnvironment(process.env);

// A closed pipe or a full disk below the output never decides a run: what cannot be shown is dropped.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// Set by the launcher under nohup; from the first moment on, for a window may be closed any time.
if (ignoresHup(process.env)) process.on('SIGHUP', () => undefined);

void runCommand(process.argv.slice(2), process.env).then((code) => {
  process.exitCode = code;
  leave([process.stdout, process.stderr]);
});
