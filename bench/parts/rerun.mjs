/** The 19-step profile once more with nothing changed: answered by the store, without an engine. */

import { join } from 'node:path';

import { cli, processesMs, ratio, root, seconds, timedLines, withFolder } from '../measure.mjs';

export const rerun = () =>
  withFolder(async (folder) => {
    const job = join(root, 'jobs/standard.yaml');
    const places = ['--out', join(folder, 'out'), '--state-dir', join(folder, 'st')];
    const words = [cli, 'run-profile', '--job', job, '--profile', 'standard', ...places];
    await timedLines(words, { cwd: folder });
    const [bare, again] = processesMs([['-e', '0'], words]);
    return [
      {
        what: `unchanged rerun of the 19-step profile, CPU against bare node (${seconds(again)})`,
        measured: ratio(again, bare),
        budget: '<= 6x',
      },
    ];
  });
