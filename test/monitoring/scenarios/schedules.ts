/** Runs by the clock, of files that people edit meanwhile. */

import { expect } from '@jest/globals';

import type { Scenario } from './scenario.ts';

const RUN = { job: 'nightly', profile: 'p' };
const PROFILE = `profile: p
steps:
  load: { uses: exec.command, with: { shell: 'true' } }
`;

export const brokenFile: Scenario = {
  name: 'file of a schedule is broken',
  claim: 'a file that is broken is alerted on from the next run of its schedule until it is mended',
  files: {
    'builder.yaml': 'jobs: [jobs/*.yaml]\n',
    'jobs/j.yaml': 'job: nightly\nprofile: p\nschedule: { every: 5s }\n',
    'profiles/p.yaml': PROFILE,
  },
  async play({ prometheus, project, dev }) {
    await dev();
    await prometheus.becomes('pipeline_run_completed_timestamp_seconds > bool 0', ['job'], {
      nightly: 1,
    });
    expect(await prometheus.fired()).not.toContain('PipelineRunFailed');

    await project.write({ 'profiles/p.yaml': PROFILE.replace('exec.command', 'exec.comand') });
    await prometheus.fires('PipelineRunFailed', RUN);
    const { run = '', command } = await prometheus.annotations('PipelineRunFailed');
    expect(command).toBe(`builder_cli status ${run}`);
    const { stdout } = await project.run(['status', run]);
    expect(stdout).toContain('profiles/p.yaml:3:17: UNKNOWN_KIND');
    expect(stdout).toContain("Did you mean 'exec.command'?");

    await project.write({ 'profiles/p.yaml': PROFILE });
    await prometheus.resolves('PipelineRunFailed');
    expect(await prometheus.fired()).not.toContain('PipelineStepFailing');
  },
};
