/** CPU of the commands that only look, against a node that does nothing. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { cli, processesMs, ratio, withFolder } from '../measure.mjs';

export const start = () =>
  withFolder(async (folder) => {
    const job = join(folder, 'j.yaml');
    const steps = '{ a: { uses: exec.command, with: { shell: echo } } }';
    await writeFile(job, 'job: j\nprofile: ./p.yaml\n');
    await writeFile(join(folder, 'p.yaml'), `profile: p\nsteps: ${steps}\n`);
    const [bare, help, validate, bound] = processesMs([
      ['-e', '0'],
      [cli, '--help'],
      [cli, 'validate', '--job', job],
      [cli, 'validate', '--job', 'jobs/standard.yaml'],
    ]);
    return [
      { what: '--help, CPU against bare node', measured: ratio(help, bare), budget: '<= 2x' },
      { what: 'validate of one step', measured: ratio(validate, bare), budget: '<= 5x' },
      { what: 'validate of 19 steps, queries bound', measured: ratio(bound, bare), budget: '' },
    ];
  });
