/** Each step's share of the machine: a fixed memory limit and a number of query threads. Pure. */

export type Machine = { readonly memoryBytes: number; readonly cpus: number };
export type Limits = { readonly memoryBytes: number; readonly threads: number };

/** Part of the machine's memory that all steps together may use. */
const SHARE = 0.6;
const LEAST_BYTES = 256 * 1024 * 1024;

/** Limits of a step beside which `concurrency - 1` others may run. `threads` overrides the machine's. */
export function limitsOf(machine: Machine, concurrency: number, threads?: number): Limits {
  const memoryBytes = Math.floor((machine.memoryBytes * SHARE) / Math.max(1, concurrency));
  return {
    memoryBytes: Math.max(LEAST_BYTES, memoryBytes),
    threads: threads ?? Math.max(1, machine.cpus),
  };
}
