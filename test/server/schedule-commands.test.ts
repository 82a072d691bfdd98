import { rename, rm } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

import type { Project } from '../harness/cli.ts';

jest.setTimeout(180_000);

const FILES = {
  'jobs/alpha.yaml': "job: alpha\nprofile: p\nschedule: { cron: '15 3 * * *' }\n",
  'jobs/beta.yaml': 'job: beta\nprofile: p\nschedule: { every: 365d }\n',
  'profiles/p.yaml': 'profile: p\nsteps: { a: { uses: exec.command, with: { shell: "true" } } }\n',
};

type Change = { readonly job: string; readonly change: string; readonly differences: string[] };
type Row = {
  readonly job: string;
  readonly when: string;
  readonly paused: boolean;
  readonly note?: string;
  readonly next: readonly string[];
};

async function json<T>(project: Project, ...words: readonly string[]): Promise<T> {
  const { stdout } = await project.run([...words, '--json']);
  return JSON.parse(stdout) as T;
}

const apply = async (project: Project, ...words: readonly string[]): Promise<readonly string[]> => {
  const { changes } = await json<{ changes: readonly Change[] }>(
    ...([project, 'schedule', 'apply', ...words] as const),
  );
  return changes.map(({ job, change }) => `${job} ${change}`);
};

const list = async (project: Project): Promise<readonly Row[]> =>
  (await json<{ schedules: readonly Row[] }>(project, 'schedule', 'list')).schedules;

/** Keeps the engine up, so that each command does not start one. */
async function keepEngine(project: Project): Promise<void> {
  await project.start(['dev', '--no-schedules']).says(/steps at once/);
}

test('apply makes, changes and removes until Temporal is as the files say, and a dry run does nothing', () =>
  withProject(FILES, async (project) => {
    await keepEngine(project);
    expect(await apply(project, '--dry-run')).toEqual(['alpha create', 'beta create']);
    expect(await list(project)).toEqual([]);
    expect(await apply(project)).toEqual(['alpha create', 'beta create']);
    const [alpha, beta] = await list(project);
    expect(alpha).toMatchObject({ job: 'alpha', when: "'15 3 * * *'", paused: false });
    expect(alpha?.next[0]).toMatch(/T03:15:00\.000Z$/);
    expect(beta).toMatchObject({ job: 'beta', when: 'every 365d' });
    expect(await apply(project)).toEqual(['alpha none', 'beta none']);

    await rm(project.path('jobs/beta.yaml'));
    await project.write({
      'jobs/alpha.yaml': "job: alpha\nprofile: p\nschedule: { cron: '30 4 * * *' }\n",
    });
    const { stdout } = await project.run(['schedule', 'apply', '--dry-run']);
    expect(stdout).toContain("cron: '15 3 * * *' -> '30 4 * * *'");
    expect(stdout).toContain('beta   would be removed');
    expect(await apply(project, '--job', 'jobs/alpha.yaml')).toEqual(['alpha change', 'beta keep']);
    expect(await apply(project)).toEqual(['alpha none', 'beta remove']);
    expect((await list(project)).map(({ when }) => when)).toEqual(["'30 4 * * *'"]);
  }));

test('a file that cannot be read keeps the schedule it had, is told with its place, and ends with 2', () =>
  withProject(FILES, async (project) => {
    await keepEngine(project);
    await apply(project);
    await project.write({ 'jobs/alpha.yaml': "job: alpha\nschedule: { cron: '99 3 * * *' }\n" });
    const { code, stdout, stderr } = await project.run(['schedule', 'apply']);
    expect(code).toBe(2);
    expect(stdout).toContain('alpha  kept');
    expect(stderr).toContain("jobs/alpha.yaml:2:19: BAD_VALUE: schedule.cron: minute '99'");
    expect((await list(project))[0]).toMatchObject({ job: 'alpha', when: "'15 3 * * *'" });
  }));

test('pause, resume and trigger do it for jobs by name, and say which there are', () =>
  withProject(FILES, async (project) => {
    await keepEngine(project);
    await apply(project);
    await project.run(['schedule', 'pause', 'alpha', '--note', 'the source moves']);
    expect((await list(project))[0]).toMatchObject({
      ...{ paused: true, note: 'the source moves', next: [] },
    });
    // A change of the file leaves it paused.
    await project.write({
      'jobs/alpha.yaml': "job: alpha\nprofile: p\nschedule: { cron: '0 5 * * *' }\n",
    });
    expect(await apply(project)).toEqual(['alpha change', 'beta none']);
    expect((await list(project))[0]).toMatchObject({ paused: true, when: "'0 5 * * *'" });
    // Nor does it go on because its file was away for a moment.
    await rename(project.path('jobs/alpha.yaml'), project.path('away.yaml'));
    expect(await apply(project)).toEqual(['alpha remove', 'beta none']);
    await rename(project.path('away.yaml'), project.path('jobs/alpha.yaml'));
    expect(await apply(project)).toEqual(['alpha create', 'beta none']);
    expect((await list(project))[0]).toMatchObject({ paused: true, note: 'the source moves' });
    await project.run(['schedule', 'resume', 'alpha']);
    expect((await list(project))[0]).toMatchObject({ paused: false });

    const triggered = await json(project, 'schedule', 'trigger', 'beta');
    expect(triggered).toEqual({
      triggered: [
        { job: 'beta', state: 'ordered', run_id: expect.stringMatching(/^beta-\d{8}-\d{6}$/) },
      ],
      served: true,
    });
    const { code, stderr } = await project.run(['schedule', 'trigger', 'betta']);
    expect(code).toBe(2);
    expect(stderr).toContain("job 'betta' has no schedule in Temporal; there are alpha, beta");
    expect(stderr).toContain("Did you mean 'beta'?");
  }));

test('the list says when nobody serves', () =>
  withProject(FILES, async (project) => {
    await apply(project);
    const { code, stderr } = await project.run(['schedule', 'list']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('Nobody serves the project now')]);
    await keepEngine(project);
    expect(await json(project, 'schedule', 'list')).toMatchObject({ served: true });
  }));
