/** 300 no-op steps at once. */

import { graphs } from '../graphs.mjs';
import { ratio } from '../measure.mjs';

const COUNT = 300;

export const parallel = async () => {
  const { ours, bare } = await graphs('parallel', COUNT, () => []);
  const rate = ({ ms }) => Math.round((COUNT / ms) * 1000);
  return [
    {
      what: `${COUNT} parallel no-op steps, steps/s against the bare SDK (${rate(ours)} and ${rate(bare)})`,
      measured: ratio(bare.ms, ours.ms),
      budget: '>= 0.92x',
    },
    { what: '  CPU', measured: ratio(ours.cpuMs, bare.cpuMs), budget: '' },
  ];
};
