import { expect, test } from '@jest/globals';

import { playOn, UNTIL_RELEASED } from './harness/stage.ts';
import { readRules } from './rules/rule-files.ts';

const FILES = {
  'jobs/j.yaml': 'job: nightly\nprofile: p\n',
  'profiles/p.yaml': `
profile: p
defaults: { retry: { attempts: 1 } }
steps:
  bad: { uses: exec.command, with: { shell: '${UNTIL_RELEASED}; exit 7', pass_env: [GO] } }
  slow: { uses: exec.command, core: true, alert: { p95: 1s }, with: { shell: 'sleep 2; ${UNTIL_RELEASED}', pass_env: [GO] } }
  last: { uses: exec.command, needs: [slow], with: { shell: 'while [ ! -e "$GO.end" ]; do sleep 0.1; done', pass_env: [GO] } }
`,
};

function exprOf(alert: string): string {
  const rule = readRules().find((one) => one.alert === alert);
  if (rule === undefined) throw new Error(`no rule ${alert}`);
  return rule.expr;
}

/** What the reader of the test's output sees, as if typed. */
function show(expression: string, said: string): void {
  process.stdout.write(`$ promtool query instant <url> '${expression.trim()}'\n${said}\n`);
}

test("promtool shows what each of the specification's three expressions returns, and for which step", () =>
  playOn({
    files: FILES,
    async play({ prometheus, project, start, release, port }) {
      const instance = `instance="127.0.0.1:${port}"`;
      const [failing, latency, noData] = [
        'PipelineStepFailedRecently',
        'PipelineStepLatencyRegression',
        'PipelineNoStepData',
      ].map(exprOf);
      const ask = async (expression = ''): Promise<string> => {
        const said = await prometheus.promtool(expression);
        show(expression, said);
        return said;
      };
      expect([failing, noData]).toEqual([
        'rate(pipeline_step_status_total{status="FAIL"}[5m]) > 0',
        'absent(pipeline_step_completed_timestamp_seconds)',
      ]);

      // Nothing has run yet: no data, as a whole and for the core step.
      expect(await ask(noData)).toMatch(/^\{\} => 1 @/);
      const ofCore = 'absent(pipeline_step_completed_timestamp_seconds{step="slow"})';
      expect(await ask(ofCore)).toMatch(/^\{step="slow"\} => 1 @/);

      const running = start();
      await prometheus.becomes('pipeline_step_status_total{status="FAIL"}', ['step'], {
        bad: 0,
        slow: 0,
        last: 0,
      });
      // Thresholds are gauges: they are there as long as somebody shows them, here the command itself.
      await release();
      await prometheus.fires('PipelineStepFailedRecently');
      await prometheus.fires('PipelineStepLatencyRegression');

      const failed = (await ask(failing)).trim().split('\n');
      expect(failed).toEqual([
        expect.stringMatching(
          `^{${instance}, job="nightly", profile="p", status="FAIL", step="bad"} => 0\\.\\d+ @`,
        ),
      ]);
      const slow = (await ask(latency)).trim().split('\n');
      expect(slow).toEqual([
        expect.stringMatching(/\{job="nightly", profile="p", step="slow"\} => \d+\.\d+ @/),
      ]);
      await project.write({ 'go.end': '' });
      expect((await running.ended).code).toBe(1);
    },
  }));
