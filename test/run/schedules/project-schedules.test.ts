import { expect, test } from '@jest/globals';

import { problemLine } from '../../../src/definition/render-problems.ts';
import { onlyThese, readProjectSchedules } from '../../../src/run/schedules/project-schedules.ts';
import { withProject } from '../../harness/cli.ts';

import type { Project } from '../../harness/cli.ts';

const read = (project: Project) => readProjectSchedules(project.folder);

const FILES = {
  'builder.yaml': 'jobs: [jobs/*.yaml]\n',
  'jobs/a.yaml': 'job: alpha\nschedule: { every: 1h }\n',
  'jobs/b.yaml': 'job: beta\nprofile: no_such\nschedule: { every: 1h, out: ../built/beta }\n',
  'jobs/c.yaml': 'job: gamma\n',
};

test('schedules are read from the job files, whatever is wrong with the rest of those', () =>
  withProject(FILES, async (project) => {
    const { declared, problems, broken } = await read(project);
    expect(problems).toEqual([]);
    expect(broken).toEqual([]);
    expect(declared.map(({ job, out }) => [job, out])).toEqual([
      ['alpha', project.path('out/alpha')],
      ['beta', project.path('built/beta')],
    ]);
  }));

test('a file that cannot be read is told with its place, and the others count', () =>
  withProject(
    { ...FILES, 'jobs/b.yaml': 'job: beta\nschedule: { every: 1h\n', 'jobs/d.yaml': 'job: [\n' },
    async (project) => {
      const { declared, problems, broken } = await read(project);
      expect(declared.map(({ job }) => job)).toEqual(['alpha']);
      expect(broken).toEqual([project.path('jobs/b.yaml'), project.path('jobs/d.yaml')]);
      expect(problems.map(problemLine)).toEqual(
        expect.arrayContaining([expect.stringMatching(/^jobs\/b\.yaml:\d+:\d+: BAD_YAML/)]),
      );
    },
  ));

test('two jobs of one name cannot both have a schedule', () =>
  withProject(
    { ...FILES, 'jobs/c.yaml': 'job: alpha\nschedule: { every: 2h }\n' },
    async (project) => {
      const { problems, broken } = await read(project);
      expect(broken).toEqual([project.path('jobs/c.yaml')]);
      expect(problems.map(problemLine)).toEqual([
        "jobs/c.yaml:1:6: BAD_VALUE: job: 'alpha' has a schedule in jobs/a.yaml, too; a name is one job's",
      ]);
    },
  ));

test('a builder.yaml that is wrong says that nobody knows which jobs there are', () =>
  withProject({ ...FILES, 'builder.yaml': 'jobs: [none/*.yaml]\n' }, async (project) => {
    const { unknown, declared } = await read(project);
    expect(declared).toEqual([]);
    expect(unknown.map(problemLine)).toEqual([expect.stringMatching(/^builder\.yaml:1:8: FILE_/)]);
  }));

test('only files of the project can be asked for', () =>
  withProject(FILES, async (project) => {
    await project.write({ 'x/y.yaml': 'job: y\n' });
    const schedules = await read(project);
    expect(onlyThese(schedules, ['jobs/a.yaml'], project.folder)).toEqual([
      project.path('jobs/a.yaml'),
    ]);
    expect(() => onlyThese(schedules, ['x/y.yaml'], project.folder)).toThrow(
      'x/y.yaml is no job of the',
    );
  }));
