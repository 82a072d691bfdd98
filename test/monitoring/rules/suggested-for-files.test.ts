/** The rule that the runbook gives for metrics files. */

import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { testFiles } from './case.ts';
import { inPromtool } from './promtool.ts';
import { ruleFile } from './rule-files.ts';

import type { Rule } from './rule-files.ts';

const RUNBOOK = readFileSync(new URL('../../../docs/alerts.md', import.meta.url), 'utf8');

test('a file that is old while its run is open is told, from the first run on; one of a run that ended is not', async () => {
  const text = /```yaml\n(- alert: PipelineFileOld\n[^`]*)```/.exec(RUNBOOK)?.[1] ?? '';
  const rules = parse(text) as readonly Rule[];
  const file = '/var/lib/node_exporter/sales.prom';
  const about = (instance: string): string => `instance="${instance}"`;
  const at = (instance: string, started: string, ended: string, written: string) => ({
    [`node_textfile_mtime_seconds{${about(instance)},file="${file}",job="node"}`]: written,
    [`pipeline_run_started_timestamp_seconds{${about(instance)},job="sales",profile="p"}`]: started,
    [`pipeline_run_ended_timestamp_seconds{${about(instance)},job="sales",profile="p"}`]: ended,
  });
  const said = await inPromtool(ruleFile([{ name: 'files', rules }]), [
    ...testFiles(
      [
        {
          alert: 'PipelineFileOld',
          claim: 'of a run that is open',
          by: 'instance',
          series: {
            ...at('writes', '60x20', '30x20', '0+60x20'),
            ...at('ended', '60x20', '90x20', '60x20'),
            ...at('first', '60x20', '_', '60x20'),
            // The next run writes again.
            ...at('killed', '60x9 600x10', '30x20', '60x9 600+60x10'),
            [`node_textfile_mtime_seconds{${about('writes')},file="other.prom",job="node"}`]:
              '0x20',
          },
          firing: {
            '2m': [],
            '4m': ['first', 'killed'],
            '9m': ['first', 'killed'],
            '12m': ['first'],
          },
        },
      ],
      'rules.yml',
    ),
  ]);
  expect(said).toBeUndefined();
});
