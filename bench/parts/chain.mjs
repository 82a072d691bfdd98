/** 100 no-op steps one after another. */

import { graphs } from '../graphs.mjs';
import { ratio } from '../measure.mjs';

const COUNT = 100;

export const chain = async () => {
  const { ours, bare } = await graphs('chain', COUNT, (i) => (i === 0 ? [] : [`s${i - 1}`]));
  const each = (ms) => (ms / COUNT).toFixed(1);
  return [
    {
      what: `chain of ${COUNT} no-op steps against the bare SDK, CPU (${each(ours.cpuMs)} and ${each(bare.cpuMs)} ms a step)`,
      measured: ratio(ours.cpuMs, bare.cpuMs),
      budget: '<= 1.10x',
    },
    {
      what: `  its wall time (${each(ours.ms)} and ${each(bare.ms)} ms a step)`,
      measured: ratio(ours.ms, bare.ms),
      budget: '<= 1.10x',
    },
  ];
};
