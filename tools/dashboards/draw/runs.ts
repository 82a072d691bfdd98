/** A day in the life of one job, or of forty: runs that succeed, fail, retry, are late, cached or slow. Pure; always the same. */

export type StepRun = {
  readonly step: string;
  readonly fromS: number;
  readonly toS: number;
  readonly status: string;
  /** Attempts that failed before the last one. */
  readonly retries: number;
};

export type Run = {
  readonly id: string;
  readonly fromS: number;
  readonly toS: number;
  readonly status: string;
  readonly steps: readonly StepRun[];
};

export type Job = {
  readonly job: string;
  readonly profile: string;
  readonly periodS: number;
  readonly steps: readonly { readonly step: string; readonly usualS: number }[];
  readonly runs: readonly Run[];
};

/** Every status that a step or run can have. */
export const STATUSES = [
  'OK',
  'WARN',
  'CACHED',
  'SKIPPED',
  'FAIL',
  'TIMEOUT',
  'CANCELLED',
  'BUDGET_EXCEEDED',
];

const STEP_NAMES = ['collect', 'clean', 'join_regions', 'check_totals', 'aggregate', 'export'];
const JOB_NAMES = [
  'sales',
  'stock',
  'airports',
  'billing',
  'churn',
  'returns',
  'suppliers',
  'web_traffic',
];
/** Seconds of a day. */
export const DAY_S = 86_400;

/** What `jobs` jobs did in the day that ends at `endS`. */
export function dayOf(jobs: number, endS: number): readonly Job[] {
  const random = seeded(jobs);
  return Array.from({ length: jobs }, (_, n) => jobOf(n, endS, random));
}

function jobOf(n: number, endS: number, random: () => number): Job {
  const name = JOB_NAMES[n % JOB_NAMES.length] ?? '';
  const job = n < JOB_NAMES.length ? name : `${name}_${Math.floor(n / JOB_NAMES.length) + 1}`;
  const periodS = [1800, 3600, 3600, 7200, 21_600][n % 5] ?? 3600;
  const steps = STEP_NAMES.slice(0, 4 + (n % 3)).map((step, k) => ({
    step,
    usualS: Math.round((2 + 40 * random()) * (k + 1)),
  }));
  const runs: Run[] = [];
  // Some jobs have stopped a while ago: they are late.
  const stopsS = n % 13 === 6 ? endS - 3.4 * periodS : endS;
  for (let fromS = endS - DAY_S + 600 * (n % 7) + 120; fromS < stopsS; fromS += periodS) {
    const isLast = fromS + periodS >= stopsS;
    runs.push(
      runOf({ fromS, steps, fails: isLast && n % 9 === 0 ? true : random() < 0.05, n, random }),
    );
  }
  return { job, profile: n % 4 === 3 ? 'nightly' : 'standard', periodS, steps, runs };
}

function runOf({
  fromS,
  steps,
  fails,
  n,
  random,
}: {
  fromS: number;
  steps: Job['steps'];
  fails: boolean;
  n: number;
  random: () => number;
}): Run {
  let atS = fromS;
  let failed = false;
  const bad = 1 + Math.floor(random() * (steps.length - 1));
  const done = steps.map(({ step, usualS }, k): StepRun => {
    const startS = atS;
    if (failed) return { step, fromS: atS, toS: atS, status: 'SKIPPED', retries: 0 };
    const cached = k === 0 && random() < 0.4;
    const slow = n % 11 === 4 && k === 2 ? 2.4 : 0.8 + 0.5 * random();
    atS += cached ? 0.2 : usualS * slow;
    failed = fails && k === bad;
    const status = failed
      ? n % 2 === 0
        ? 'FAIL'
        : 'TIMEOUT'
      : cached
        ? 'CACHED'
        : random() < 0.06
          ? 'WARN'
          : 'OK';
    return { step, fromS: startS, toS: atS, status, retries: random() < 0.1 ? 1 : 0 };
  });
  const status = failed
    ? (done.find(({ status: s }) => /FAIL|TIMEOUT/.test(s))?.status ?? 'FAIL')
    : 'OK';
  const day = new Date(fromS * 1000)
    .toISOString()
    .replaceAll(/[-:]/g, '')
    .replace('T', '-')
    .slice(0, 15);
  return {
    id: `${day}-${(n * 7919 + Math.floor(fromS)).toString(36).slice(-4)}`,
    fromS,
    toS: atS,
    status,
    steps: done,
  };
}

/** Numbers from 0 to 1 that look random and are the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0;
    return state / 2 ** 32;
  };
}
