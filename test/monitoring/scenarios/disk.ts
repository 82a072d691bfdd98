/** A disk that fills up. */

import { mkdir, rm, writeFile } from 'node:fs/promises';

import { exporterWords } from '../harness/stage.ts';

import type { Scenario } from './scenario.ts';

const SIZE_MB = 200;

/** A filesystem of its own in a folder, seen by what runs within and gone with it. */
const onSmallDisk = (folder: string): readonly string[] => [
  ...'unshare --map-root-user --mount --pid --fork --mount-proc --kill-child sh -c'.split(' '),
  `mount -t tmpfs -o mode=700,size=${SIZE_MB}m none "$0" && exec "$@"`,
  folder,
];

export const diskNearlyFull: Scenario = {
  name: 'disk nearly full',
  claim:
    'a filesystem under a tenth free is told by the exporter whose state lies there, until there is room',
  files: {},
  async play({ prometheus, project, port }) {
    const state = project.path('.builder');
    await mkdir(state);
    const dev = project.start(['dev', ...exporterWords(port)], {}, onSmallDisk(state));
    await dev.says(/Ctrl-C stops/);
    await prometheus.becomes('count(pipeline_state_disk_size_bytes)', [], { '': 1 });
    const [free] = await prometheus.query('pipeline_state_disk_free_bytes');
    const filling = `/proc/${dev.pid}/root${state}/filling`;
    await writeFile(filling, Buffer.alloc((free?.value ?? 0) - 0.05 * SIZE_MB * 2 ** 20));
    await prometheus.fires('PipelineDiskNearlyFull', { instance: `127.0.0.1:${port}` });
    await rm(filling);
    await prometheus.resolves('PipelineDiskNearlyFull');
  },
};
