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
    of: /^pipeline:.*(:newest|:total)$|^PipelineStepRowsCollapsed$/,
    what: /^line \d+: 1h -> (900s|14400s)$/,
    reason:
      'How long a gap is bridged is a choice: what is looked back for is written every 15 s or 10 min, and beyond that remembered.yml answers.',
  },
  {
    of: /^pipeline:.*(:newest|:seen)$/,
    what: /^line \d+: 5m -> (75s|1200s)$/,
    reason:
      'How long after it a last scrape is seen is a choice: anything from one evaluation to the hour for which values carry themselves on.',
  },
  {
    of: /^pipeline:profile_|:total$|:seen$/,
    what: /^line \d+: (max -> min|sum -> max)$/,
    reason: 'One series an instance and label set: the aggregation only leaves labels out.',
  },
  {
    of: /^pipeline:run_period_seconds$/,
    what: /max -> min/,
    reason: 'The value of every core step is 1.',
  },
  {
    of: /^PipelineWorkerNoSlots$/,
    what: /sum -> max/,
    reason: 'Of numbers that are never negative, the sum is 0 where the greatest is.',
  },
  {
    of: /^PipelineMetricsErrors$/,
    what: /^line 1: 0 -> 1$/,
    reason: 'increase() of one within the window is extrapolated to more than one.',
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
