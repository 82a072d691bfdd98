import { describe, expect, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';
import { whyNoSmallDisk, withSmallDisk } from '../store/small-disk.ts';

const JOB = 'job: j\n';
const WORDS = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out', '--json'];

type RunJson = {
  readonly error: string;
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  readonly problems: readonly Readonly<Record<string, unknown>>[];
};

const onSmallDisk = whyNoSmallDisk() === undefined ? describe : describe.skip;

onSmallDisk('on a disk of one megabyte', () => {
  test('a full disk under the store is told with its code and what to do, and is not tried again', async () => {
    const profile = `
profile: p
defaults: { retry: { attempts: 3, backoff: 10ms } }
steps:
  big: { uses: exec.command, with: { shell: 'head -c 3000000 /dev/zero > f', outputs: { f: { path: f } } } }
`;
    await withProject({ 'jobs/j.yaml': JOB, 'profiles/p.yaml': profile }, (project) =>
      withSmallDisk(async (disk) => {
        const { code, stdout, stderr } = await project.run([...WORDS, '--store', disk]);
        const { steps, problems } = JSON.parse(stdout) as RunJson;
        expect(code).toBe(1);
        const told = { code: 'OUT_OF_SPACE', hint: expect.stringMatching(/^Free some space/) };
        expect(steps).toEqual([expect.objectContaining({ status: 'FAIL', attempts: 1, ...told })]);
        expect(problems).toEqual([
          expect.objectContaining({ ...told, reason: expect.stringContaining('the disk is full') }),
        ]);
        expect(stderr).toMatch(
          /FAIL {2}step big in attempt 1: OUT_OF_SPACE: .*the disk is full\n +Free some space/,
        );
      }),
    );
  });
});

test('a delivery that is refused says with which code, and what to do', async () => {
  const profile = `
profile: p
steps:
  t: { uses: transform.sql, with: { sql: 'select 1 as a' } }
  copy: { uses: export.dataset, needs: [t], with: { from: t, formats: [csv] } }
  late:
    uses: exec.command
    needs: [copy]
    with: { shell: 'mkdir -p "$OUT" && echo mine > "$OUT/mine.txt"', pass_env: [OUT] }
`;
  await withProject({ 'jobs/j.yaml': JOB, 'profiles/p.yaml': profile }, async (project) => {
    const { code, stdout, stderr } = await project.run(WORDS, { OUT: project.path('out') });
    const { error, problems } = JSON.parse(stdout) as RunJson;
    expect(code).toBe(1);
    expect(error).toMatch(/^delivery failed: .* was not made by a delivery/);
    expect(problems).toEqual([
      {
        code: 'OUT_NOT_OURS',
        reason: expect.stringContaining('nothing was touched'),
        hint: expect.stringContaining('give another --out'),
      },
    ]);
    expect(stderr).toMatch(/delivery {2}OUT_NOT_OURS: .*\n +Move away what lies there/);
  });
});
