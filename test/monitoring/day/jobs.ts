/** The jobs of the day: many that are well, and one for each thing that goes wrong, with what somebody is to be told. */

export type DayJob = {
  readonly name: string;
  readonly profile: string;
  /** Environment of its run in a night; undefined where no run comes. The first night is 0. */
  readonly env: (night: number) => Readonly<Record<string, string>> | undefined;
  /** What is told, and nothing else. */
  readonly told: readonly string[];
  /** What Prometheus may know besides: it follows from that. */
  readonly follows?: readonly string[];
};

/** The night in which things go wrong; before it everything is well. */
const BAD = 1;
const SHELL =
  'sleep "${TAKES:-0}"; test "$BUILDER_ATTEMPT" -ge "${ATTEMPT:-1}" && exit "${CODE:-0}"';

const profile = (about = '', step = ''): string => `
profile: p
${about}
defaults: { retry: { attempts: 3, backoff: 100ms } }
steps:
  load:
    uses: exec.command
    core: true
    ${step}
    with: { shell: '${SHELL}', pass_env: [CODE, TAKES, ATTEMPT], exit_codes: { '3': warn } }
  use: { uses: exec.command, needs: [load], with: { shell: 'true' } }
`;

/** `count` jobs, each of which runs once a night. */
export function dayJobs(count: number): readonly DayJob[] {
  const inBadNight =
    (env: Readonly<Record<string, string>>): DayJob['env'] =>
    (night) =>
      night === BAD ? env : {};
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
      env: () => ({ ATTEMPT: '3' }),
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
  ];
  const well = Array.from({ length: count - wrong.length }, (_, n): DayJob => ({
    name: `well${n}`,
    profile: profile('expected_every: 24h', n % 2 === 0 ? 'alert: { p95: 1m }' : ''),
    env: () => ({}),
    told: [],
  }));
  return [...wrong, ...well];
}

/** Files of the project. */
export function dayFiles(jobs: readonly DayJob[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    jobs.flatMap(({ name, profile: text }) => [
      [`jobs/${name}.yaml`, `job: ${name}\nprofile: ${name}\n`],
      [`profiles/${name}.yaml`, text.replace('profile: p', `profile: ${name}`)],
    ]),
  );
}
