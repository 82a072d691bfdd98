import { spawnSync } from 'node:child_process';

import { expect, test } from '@jest/globals';

import { CATALOGUE } from '../../src/metrics/catalogue.ts';
import { playOn, UNTIL_RELEASED } from './harness/stage.ts';
import { SCRAPE_JOB } from './harness/prometheus.ts';
import { prometheusTools } from './servers.ts';

const FILES = {
  'builder.yaml': 'limits: { one: 1 }\n',
  'orders.csv': 'id,sum\n1,5\n2,-1\n',
  'jobs/j.yaml': 'job: shop\nprofile: p\ninputs: { orders: { path: ../orders.csv } }\n',
  'profiles/p.yaml': `
profile: p
expected_every: 1h
defaults: { retry: { attempts: 1 } }
steps:
  collect: { uses: collect.files, core: true, with: { from: '\${{ inputs.orders }}' } }
  check:
    uses: check.table
    alert: { p95: 1m }
    with: { table: collect, checks: [{ name: paid, severity: warn, range: { column: sum, min: 0 } }] }
  each: { uses: transform.sql, foreach: { in: [a, b] }, with: { sql: 'select \${{ item }} as v' } }
  bad: { uses: exec.command, with: { shell: 'exit "$CODE"', pass_env: [CODE] } }
  wait: { uses: exec.command, uses_limit: one, with: { shell: '${UNTIL_RELEASED}', pass_env: [GO] } }
`,
};

test('what a real run serves arrives: every metric of the catalogue, each with the labels it says', () =>
  playOn({
    files: FILES,
    async play({ prometheus, start, run, release, port }) {
      const first = start({ env: { CODE: '7' } });
      await prometheus.becomes('pipeline_step_running_seconds >= bool 0', ['step'], {
        wait: 1,
      });
      await release();
      expect((await first.ended).code).toBe(1);
      // How long a step usually takes is known from its sixth execution on.
      for (let n = 0; n < 6; n += 1) expect((await run({ env: { CODE: '0' } })).code).toBe(0);
      const scrapeLabels = new Set(['instance', 'le']);
      for (const { name, type, labels } of CATALOGUE) {
        // Nobody waits here for a queue that nobody serves, nor for a limit.
        if (name === 'pipeline_queue_unserved_seconds') continue;
        if (name === 'pipeline_limit_waiting_seconds') continue;
        const sample = type === 'histogram' ? `${name}_bucket` : name;
        const series = await prometheus.query(`last_over_time(${sample}[10m])`);
        expect([name, series.length > 0]).toEqual([name, true]);
        const own = new Set<string>(labels);
        for (const one of series) {
          const seen = Object.keys(one.labels).filter((label) => !scrapeLabels.has(label));
          // What has no job of its own is given the scrape job's.
          expect([name, seen.toSorted()]).toEqual([name, [...own.add('job')].toSorted()]);
          const isOurs = (labels as readonly string[]).includes('job');
          expect([name, one.labels['job']]).toEqual([name, isOurs ? 'shop' : SCRAPE_JOB]);
          expect(one.labels['instance']).toBe(`127.0.0.1:${port}`);
        }
      }
      const exported = 'last_over_time({exported_job!=""}[10m])';
      expect(await prometheus.query(exported)).toEqual([]);
      expect(await prometheus.table('max_over_time(up[10m])', ['job'])).toEqual({
        [SCRAPE_JOB]: 1,
      });
      for (const name of [
        'temporal_num_pollers',
        'temporal_worker_task_slots_available',
        'temporal_activity_execution_latency_seconds_count',
      ]) {
        expect([name, (await prometheus.query(`last_over_time(${name}[10m])`)).length > 0]).toEqual(
          [name, true],
        );
      }
    },
  }));

test('promtool check metrics has nothing to say about what a real run serves', () =>
  playOn({
    files: FILES,
    async play({ start, release, port }) {
      const running = start({ env: { CODE: '7' } });
      await running.says(/bad +FAIL/);
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      expect(page).toMatch(/^pipeline_step_status_total\{.*status="FAIL"\} 1$/m);
      expect(page).toMatch(/^temporal_/m);
      const { promtool } = await prometheusTools();
      const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], {
        input: page,
        encoding: 'utf8',
      });
      expect([status, stdout, stderr]).toEqual([0, '', '']);
      await release();
      await running.ended;
    },
  }));
