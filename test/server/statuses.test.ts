import { expect, test } from '@jest/globals';

import { freePort, scrape, withProject } from '../harness/cli.ts';

const JOB = `
job: scenes
params:
  n: { type: integer, default: 3 }
`;

const MIXED = `
profile: mixed
defaults: { retry: { attempts: 2, backoff: 50ms } }
steps:
  fine:
    uses: exec.command
    with: { shell: 'echo "a,b" > t.csv; echo "1,2" >> t.csv', outputs: { table: { path: t.csv } } }
  reused: { uses: transform.sql, needs: [fine], with: { sql: 'select a + \${{ params.n }} as c from fine' } }
  warned: { uses: exec.command, with: { shell: 'exit 3', exit_codes: { '3': warn } } }
  allowed: { uses: exec.command, allow_failure: true, with: { shell: 'echo oops >&2; exit 9' } }
  bad: { uses: exec.command, with: { shell: 'echo broken >&2; exit 7' } }
  slow: { uses: exec.command, timeout: 500ms, retry: { attempts: 1 }, with: { shell: 'sleep 30' } }
  after_bad: { uses: exec.command, needs: [bad], with: { shell: 'true' } }
  off: { uses: exec.command, when: { value: '\${{ params.n }}', above: 5 }, with: { shell: 'true' } }
`;

type RunJson = {
  readonly status: string;
  readonly exit_code: number;
  readonly steps: readonly {
    readonly id: string;
    readonly status: string;
    readonly attempts: number;
  }[];
};

function statuses(json: string): Record<string, string> {
  const { steps } = JSON.parse(json) as RunJson;
  return Object.fromEntries(steps.map((step) => [step.id, step.status]));
}

const EXPECTED = {
  fine: 'OK',
  reused: 'OK',
  warned: 'WARN',
  allowed: 'WARN',
  bad: 'FAIL',
  slow: 'TIMEOUT',
  after_bad: 'SKIPPED',
  off: 'SKIPPED',
};

test('every ending of a step is told and counted as what it is, and a second run reuses', async () => {
  await withProject({ 'jobs/j.yaml': JOB, 'profiles/mixed.yaml': MIXED }, async (project) => {
    const port = await freePort();
    const words = [
      'run-profile',
      '--job',
      'jobs/j.yaml',
      '--profile',
      'mixed',
      '--out',
      'out',
      '--json',
    ];
    const exporter = [
      '--prometheus-port',
      String(port),
      '--prometheus-address',
      '127.0.0.1',
      '--linger',
      '60',
    ];

    const first = project.start([...words, ...exporter]);
    await first.says(/waiting for a last scrape/);
    const series = await scrape(port);
    const { code, stdout, stderr } = await first.ended;
    expect(code).toBe(1);
    expect(statuses(stdout)).toEqual(EXPECTED);
    expect(stderr).toMatch(
      /FAIL {2}step bad in attempt 2: .*exit code 7\n.*\n +broken\n +log: .*bad\.log/,
    );
    expect(stderr).toContain('builder_cli resume --out out');
    for (const [step, wanted] of Object.entries(EXPECTED)) {
      for (const status of [
        'OK',
        'WARN',
        'CACHED',
        'SKIPPED',
        'FAIL',
        'TIMEOUT',
        'CANCELLED',
        'BUDGET_EXCEEDED',
      ]) {
        const name = `pipeline_step_status_total{job="scenes",profile="mixed",step="${step}",status="${status}"}`;
        expect([name, series.get(name)]).toEqual([name, status === wanted ? 1 : 0]);
      }
    }
    expect(
      series.get(
        'pipeline_step_attempts_total{job="scenes",profile="mixed",step="bad",result="fail"}',
      ),
    ).toBe(2);
    expect(
      series.get(
        'pipeline_step_attempts_total{job="scenes",profile="mixed",step="slow",result="fail"}',
      ),
    ).toBe(1);
    expect(
      series.get('pipeline_step_duration_seconds_count{job="scenes",profile="mixed",step="bad"}'),
    ).toBe(0);
    expect(
      series.get('pipeline_step_duration_seconds_count{job="scenes",profile="mixed",step="fine"}'),
    ).toBe(1);
    expect(
      series.has(
        'pipeline_step_completed_timestamp_seconds{job="scenes",profile="mixed",step="bad"}',
      ),
    ).toBe(false);
    expect(
      series.get('pipeline_run_status_total{job="scenes",profile="mixed",status="FAIL"}'),
    ).toBe(1);

    const second = project.start(['resume', '--out', 'out', '--json', ...exporter]);
    await second.says(/waiting for a last scrape/);
    const later = await scrape(port);
    expect((await second.ended).code).toBe(1);
    const name = (step: string, status: string): string =>
      `pipeline_step_status_total{job="scenes",profile="mixed",step="${step}",status="${status}"}`;
    expect(later.get(name('fine', 'OK'))).toBe(1);
    expect(later.get(name('bad', 'FAIL'))).toBe(2);

    const third = await project.run([...words.slice(0, -3), '--out', 'out2', '--json']);
    expect(statuses(third.stdout)).toEqual({ ...EXPECTED, reused: 'CACHED' });
  });
});

test('a wall-clock budget ends what runs and skips what waits, with exit code 4', async () => {
  const files = {
    'jobs/j.yaml': 'job: b\nbudgets: { wall: 1500ms }\n',
    'profiles/p.yaml': `
profile: p
steps:
  long: { uses: exec.command, with: { shell: 'sleep 300' } }
  later: { uses: exec.command, needs: [long], with: { shell: 'true' } }
`,
  };
  await withProject(files, async (project) => {
    const { code, stdout } = await project.run([
      ...['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out', '--json'],
    ]);
    expect(statuses(stdout)).toEqual({ long: 'BUDGET_EXCEEDED', later: 'SKIPPED' });
    expect(code).toBe(4);
  });
});

test('Ctrl-C cancels: children die, the run is CANCELLED, nothing is left, and resume finishes it', async () => {
  const files = {
    'jobs/j.yaml': 'job: c\n',
    'profiles/p.yaml': `
profile: p
steps:
  first: { uses: exec.command, with: { shell: 'echo a > t.csv; echo 1 >> t.csv', outputs: { table: { path: t.csv } } } }
  long:
    uses: exec.command
    needs: [first]
    with: { shell: 'echo $$ > "$MARK"; if [ -e "$GO" ]; then exit 0; fi; sleep 300', pass_env: [MARK, GO] }
  copy: { uses: export.dataset, needs: [long], with: { from: first, formats: [csv] } }
`,
  };
  await withProject(files, async (project) => {
    const env = { MARK: project.path('mark'), GO: project.path('go') };
    const run = project.start(
      ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out', '--json'],
      env,
    );
    const { readFile, access } = await import('node:fs/promises');
    const { until } = await import('../harness/cli.ts');
    const pid = await until(
      async () => Number(await readFile(env.MARK, 'utf8').catch(() => '')) || undefined,
      'the long step has started',
    );
    run.kill('SIGINT');
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(statuses(stdout)).toEqual({ first: 'OK', long: 'CANCELLED', copy: 'CANCELLED' });
    expect(() => process.kill(pid, 0)).toThrow();
    await until(
      async () => {
        const { readdir } = await import('node:fs/promises');
        return (await readdir(project.path('.builder/engine/servers'))).length === 0;
      },
      'the engine is gone',
      3_000,
    );
    await expect(access(project.path('out'))).rejects.toThrow();

    await project.write({ go: '' });
    const resumed = await project.run(['resume', '--out', 'out', '--json'], env);
    expect(statuses(resumed.stdout)).toEqual({ first: 'OK', long: 'OK', copy: 'OK' });
    expect(resumed.code).toBe(0);
    await access(project.path('out/first.csv'));
  });
});
