/** The jobs of the day: many that are well, and one for each thing that goes wrong, with what somebody is to be told. */

export type Env = Readonly<Record<string, string>>;

export type DayJob = {
  readonly name: string;
  readonly profile: string;
  /**
   * Environment of its run in a night; undefined where no run comes. The first night is 0. CODE is what its step ends with,
   * KILL that it is killed in the middle of that, SPOIL that something of somebody else lies where it is to deliver.
   */
  readonly env: (night: number) => Env | undefined;
  /** What is told, and nothing else. */
  readonly told: readonly string[];
  /** What Prometheus may know besides: it follows from that. */
  readonly follows?: readonly string[];
};

const WELL: Env = {};
/** The night in which things go wrong; before it everything is well. */
const BAD = 1;
const SHELL = [
  'sleep "${TAKES:-0}"',
  'test -z "${SPOIL:-}" || { mkdir -p "$OUT"; touch "$OUT/of_somebody_else"; }',
  'test "$BUILDER_ATTEMPT" -ge "${ATTEMPT:-1}" && exit "${CODE:-0}"',
].join('; ');

const profile = (about = '', step = ''): string => `
profile: p
${about}
defaults: { retry: { attempts: 3, backoff: 100ms } }
steps:
  load:
    uses: exec.command
    core: true
    ${step}
    with: { shell: '${SHELL}', pass_env: [CODE, TAKES, ATTEMPT, SPOIL, OUT], exit_codes: { '3': warn } }
  use: { uses: exec.command, needs: [load], with: { shell: 'true' } }
`;

const CHECKED = `
profile: p
steps:
  load:
    uses: exec.command
    with:
      shell: 'printf "n\\n%s\\n" "\${VALUE:-1}" > t.csv'
      pass_env: [VALUE]
      outputs: { table: { path: t.csv, format: csv } }
  check: { uses: check.table, with: { table: load, checks: [{ severity: warn, range: { column: n, min: 0 } }] } }
`;

/** How many nights there are, and in how many of them every job runs. */
export const NIGHTS = Object.freeze({ short: 3, full: 7, ofAll: 3 });

/**
 * `count` jobs, each of which runs once a night, in the first three nights at least. A full day also has what takes more
 * nights, or minutes, to come about.
 */
export function dayJobs(count: number, isFull: boolean): readonly DayJob[] {
  const inBadNight =
    (env: Env): DayJob['env'] =>
    (night) =>
      night === BAD ? env : ofAll(night, {});
  const wrong: readonly DayJob[] = [
    {
      name: 'broken',
      profile: profile(),
      env: inBadNight({ CODE: '7' }),
      told: ['PipelineStepFailing'],
      follows: ['PipelineStepFailedRecently'],
    },
    {
      name: 'shaky',
      profile: profile(),
      env: (night) => ofAll(night, { ATTEMPT: '3' }),
      told: ['PipelineStepRetrying'],
    },
    {
      name: 'slow',
      profile: profile('', 'alert: { p95: 5s }'),
      env: inBadNight({ TAKES: '20' }),
      told: ['PipelineStepStuck', 'PipelineStepSlow'],
      follows: ['PipelineStepLatencyRegression'],
    },
    {
      name: 'late',
      profile: profile('expected_every: 20s'),
      env: (night) => (night === 0 ? {} : undefined),
      told: ['PipelineCoreStepNoData'],
      follows: ['PipelineRunOverdue'],
    },
    {
      name: 'dirty',
      profile: CHECKED,
      env: inBadNight({ VALUE: '-1' }),
      told: ['PipelineCheckFailing'],
    },
    ...(isFull ? WRONG_FOR_LONG : []),
  ];
  const well = Array.from({ length: count - wrong.length }, (_, n): DayJob => ({
    name: `well${n}`,
    profile: profile('expected_every: 24h', n % 2 === 0 ? 'alert: { p95: 1m }' : ''),
    env: (night) => ofAll(night, {}),
    told: [],
  }));
  return [...wrong, ...well];
}

/** A failed delivery, a step that flaps, one that is slow against its own past, and a command that is killed. */
const WRONG_FOR_LONG: readonly DayJob[] = [
  {
    name: 'undelivered',
    profile: profile(),
    env: (night) => (night === BAD ? { SPOIL: '1' } : undefined),
    told: ['PipelineRunFailed'],
  },
  {
    name: 'flaps',
    profile: profile(),
    env: (night) => (night % 2 === 1 ? { CODE: '7' } : WELL),
    // The third time it is told as what it is.
    told: ['PipelineStepFailing', 'PipelineStepFailing', 'PipelineStepFlapping'],
    follows: ['PipelineStepFailedRecently'],
  },
  {
    name: 'ages',
    profile: profile(),
    env: (night) => (night === NIGHTS.full - 1 ? { TAKES: '40' } : WELL),
    told: ['PipelineStepStuck', 'PipelineStepSlow'],
  },
  {
    name: 'killed',
    profile: profile('', 'alert: { p95: 5s }'),
    env: (night) => [WELL, { TAKES: '40', KILL: '1' }][night],
    told: ['PipelineStepStuck'],
  },
];

function ofAll(night: number, env: Env): Env | undefined {
  return night < NIGHTS.ofAll ? env : undefined;
}

/** Files of the project. */
export function dayFiles(jobs: readonly DayJob[]): Readonly<Record<string, string>> {
  return Object.fromEntries([
    // What is asked of a service that nobody serves yet.
    ['jobs/j.yaml', 'job: waits\nprofile: waits\n'],
    ['profiles/waits.yaml', profile().replace('profile: p', 'profile: waits')],
    ...jobs.flatMap(({ name, profile: text }) => [
      [`jobs/${name}.yaml`, `job: ${name}\nprofile: ${name}\n`],
      [`profiles/${name}.yaml`, text.replace('profile: p', `profile: ${name}`)],
    ]),
  ]);
}
