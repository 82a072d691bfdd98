import {
  chownSync,
  lchownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { startCli, withProject } from '../harness/cli.ts';

const FILES = {
  'jobs/j.yaml': 'job: j\nprofile: p\n',
  'profiles/p.yaml': `
profile: p
steps:
  number: { uses: transform.sql, with: { sql: 'select 1 as n' } }
  files: { uses: export.dataset, with: { from: number, formats: [csv] } }
`,
};
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'sub/out'];

/** Modes of a folder and all below it, each once. */
function modesBelow(folder: string): {
  readonly files: Set<string>;
  readonly folders: Set<string>;
} {
  const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8);
  const [files, folders] = [new Set<string>(), new Set([modeOf(folder)])];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    (entry.isDirectory() ? folders : files).add(modeOf(join(entry.parentPath, entry.name)));
  }
  return { files, folders };
}

test.each([
  { umask: '077', file: '600', folder: '700', artifact: '400' },
  { umask: '022', file: '644', folder: '755', artifact: '444' },
  { umask: '002', file: '664', folder: '775', artifact: '444' },
])('under umask $umask a delivery has its modes, and the state folder is private', (expected) =>
  withProject(FILES, async (project) => {
    const { umask, file, folder, artifact } = expected;
    const within = ['sh', '-c', `umask ${umask}; exec "$@"`, 'sh'];
    const run = startCli([...RUN, '--metrics-file', 'j.prom', '--store', 'store'], {
      cwd: project.folder,
      within,
    });
    const { code, stderr } = await run.ended;
    expect([code, stderr]).toEqual([0, expect.stringContaining('2 OK')]);
    const out = modesBelow(project.path('sub'));
    expect([[...out.files], [...out.folders]]).toEqual([[file], [folder]]);
    const store = modesBelow(project.path('store/artifacts'));
    expect([[...store.files], [...store.folders]]).toEqual([[artifact], [folder]]);
    expect((lstatSync(project.path('j.prom')).mode & 0o777).toString(8)).toBe(file);
    expect((lstatSync(project.path('.builder')).mode & 0o777).toString(8)).toBe('700');
  }),
);

const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('where another user can be had', () => {
  const NOBODY = 65_534;

  test('neither runs nor resumes by a state folder of another user, or one that holds what he made', () =>
    withProject(FILES, async (project) => {
      expect((await project.run(RUN)).code).toBe(0);
      const [runId = ''] = readdirSync(project.path('.builder/runs'));
      for (const name of ['.builder', '.builder/runs', '.builder/engine/servers']) {
        chownSync(project.path(name), NOBODY, NOBODY);
        const refused = [
          2,
          expect.stringMatching(/STATE_DIR_UNUSABLE.* belongs to another user \(65534\)/),
        ];
        const run = await project.run(['run-profile', '--job', 'jobs/j.yaml', '--out', 'other']);
        expect([run.code, run.stderr]).toEqual(refused);
        const resumed = await project.run(['resume', runId]);
        expect([resumed.code, resumed.stderr]).toEqual(refused);
        chownSync(project.path(name), 0, 0);
      }
    }));

  test('no command follows what another user has put into a state folder: prune removes nothing that its links lead to', () =>
    withProject(FILES, async (project) => {
      await project.write({ 'precious/old/file': 'of the user' });
      const longAgo = new Date('2020-01-01');
      for (const name of ['precious/old/file', 'precious/old'])
        utimesSync(project.path(name), longAgo, longAgo);
      await project.write({ '.builder/store/journal/x': '' });
      for (const name of ['runs', 'attempts'])
        symlinkSync(project.path('precious'), project.path(`.builder/${name}`));
      for (const name of ['.builder/runs', '.builder/attempts'])
        lchownSync(project.path(name), NOBODY, NOBODY);
      for (const name of ['.builder', '.builder/store', '.builder/store/journal'])
        chownSync(project.path(name), NOBODY, NOBODY);
      const words = [
        'prune',
        'prune --dry-run',
        'runs',
        'status',
        'logs',
        'cancel',
        'forget j',
        'explain --job jobs/j.yaml',
      ];
      for (const one of words) {
        const { code, stderr } = await project.run(one.split(' '));
        expect([one, code, stderr]).toEqual([
          one,
          2,
          expect.stringContaining('STATE_DIR_UNUSABLE'),
        ]);
      }
      expect(readFileSync(project.path('precious/old/file'), 'utf8')).toBe('of the user');
    }));
});
