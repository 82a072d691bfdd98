/** Entry of the CLI. The only file that reads process.env and process.argv. */

import { leave } from './leave.ts';
import { runCommand } from './program.ts';

void runCommand(process.argv.slice(2), process.env).then((code) => {
  process.exitCode = code;
  leave([process.stdout, process.stderr]);
});
