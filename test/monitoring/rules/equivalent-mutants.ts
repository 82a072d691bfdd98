/** Changes to rules that no test can notice, because they change nothing that matters: each with its reason. */

type Equivalent = {
  /** Rules it is about, by name. */
  readonly of: RegExp;
  /** The change, as `mutants.ts` says it. */
  readonly what: RegExp;
  readonly reason: string;
};

const EQUIVALENT: readonly Equivalent[] = [
  {
    of: /^PipelineCommandFrozen$/,
    what: /1h -> 14400s$/,
    reason: 'Any of the windows ends it after an hour.',
  },
  {
    of: /^PipelineCoreStepNoData$/,
    what: /^line (1|10): max -> min$/,
    reason: 'All series have one value: 1 of a core step, or what is taken times 0.',
  },
  {
    of: /^Pipeline(RunFailed|StepFailing)$/,
    what: /^line 1: max -> min$/,
    reason: 'The value of the alert is told nowhere.',
  },
  {
    of: /^PipelineWatchdog$/,
    what: /^line 1: 1 -> /,
    reason: 'The value of the alert is told nowhere.',
  },
  {
    of: /^Pipeline(WorkerDisconnected|WorkerLost|CheckFailing|StepRetrying)$/,
    what: /^line [14]: sum -> max$/,
    reason: 'Of numbers that are never negative, the sum is above 0 where the greatest is.',
  },
  {
    of: /^Pipeline(WorkerDisconnected|WorkerLost|CheckFailing)$/,
    what: /^line 1: \(.*\) -> \(/,
    reason: 'Labels of the alert: what groups it in a message, and its texts.',
  },
];

/** What names mutants and remembers which names were needed. */
export function makeReasons(): {
  /** Why a mutant need not turn anything red; undefined where it must. */
  readonly reasonFor: (of: string, what: string) => string | undefined;
  /** Reasons that no mutant asked for: they name nothing any more. */
  readonly unused: () => readonly string[];
} {
  const used = new Set<Equivalent>();
  return {
    reasonFor: (of, what) => {
      const found = EQUIVALENT.find((entry) => entry.of.test(of) && entry.what.test(what));
      if (found !== undefined) used.add(found);
      return found?.reason;
    },
    unused: () => EQUIVALENT.filter((entry) => !used.has(entry)).map(({ reason }) => reason),
  };
}
