import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';

import { until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

import type { Project } from '../harness/cli.ts';

const FILES = {
  'jobs/j.yaml': 'job: mine\nparams: { city: { type: string, default: marker_param } }\n',
  'profiles/p.yaml': `
profile: p
steps:
  query: { uses: transform.sql, with: { sql: "select 'marker_sql' as a, \${{ params.city }} as c" } }
  files: { uses: export.dataset, needs: [query], with: { from: query, formats: [csv] } }
`,
  'profiles/failing.yaml': `
profile: failing
steps:
  query: { uses: transform.sql, with: { sql: "select 'marker_sql' as a, \${{ params.city }} as c" } }
  broken:
    uses: exec.command
    needs: [query]
    retry: { attempts: 1 }
    with: { shell: 'echo marker_message >&2; exit 3', exit_codes: { '3': fail } }
`,
  'profiles/waiting.yaml': `
profile: waiting
steps:
  wait: { uses: exec.command, with: { shell: 'touch "$BEGUN"; while [ ! -e "$GO" ]; do sleep 0.05; done # marker_sql', pass_env: [BEGUN, GO] } }
`,
};
const run = (profile: string): string[] => [
  ...['run-profile', '--job', 'jobs/j.yaml', '--profile', profile, '--out', 'out'],
];
const newKey = (id: string): string => `${id} ${randomBytes(32).toString('base64')}\n`;

/** The history of every workflow of a server as JSON, with what its base64 says beside it. */
async function historiesOf(address: string): Promise<string> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    const texts: string[] = [];
    for await (const { workflowId, runId } of client.workflow.list()) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      const text = JSON.stringify(history);
      texts.push(
        text.replaceAll(
          /"([A-Za-z0-9+/]{8,}={0,2})"/g,
          (whole, data: string) => `${whole} ${Buffer.from(data, 'base64').toString('latin1')}`,
        ),
      );
    }
    expect(texts).not.toEqual([]);
    return texts.join('\n');
  } finally {
    await connection.close();
  }
}

const markersIn = (text: string): readonly string[] => [
  ...new Set(text.match(/marker_[a-z]+/g) ?? []),
];

describe('with the embedded engine', () => {
  /** What the engine holds in the middle of a run. */
  async function heldBy(project: Project, flags: readonly string[]): Promise<string> {
    const env = { BEGUN: project.path('begun'), GO: project.path('go') };
    const running = project.start([...run('waiting'), ...flags], env);
    const [, address] = await running.says(/at (127\.0\.0\.1:\d+), namespace/);
    const begun = (): Promise<string | undefined> =>
      readFile(env.BEGUN, 'utf8').catch(() => undefined);
    await until(async () => (await begun()) !== undefined, 'the step has begun');
    const held = await historiesOf(address!);
    await project.write({ go: '' });
    expect((await running.ended).code).toBe(0);
    return held;
  }

  test('nobody can read queries and params in it, and its names stay readable', () =>
    withProject(FILES, async (project) => {
      const held = await heldBy(project, []);
      expect(markersIn(held)).toEqual([]);
      expect(held).toContain('mine with waiting');
      expect(held).toContain('exec.command');
    }));

  test('--clear-payloads lets everybody read them', () =>
    withProject(FILES, async (project) => {
      const held = await heldBy(project, ['--clear-payloads']);
      expect(markersIn(held).toSorted()).toEqual(['marker_param', 'marker_sql']);
    }));
});

describe('with a service', () => {
  /** A project with keys `old`, `new` (and then old) and `other`, a service, and a worker with `file` where one is named. */
  async function onService(
    work: (ground: {
      readonly project: Project;
      readonly service: readonly string[];
      readonly address: string;
      worker(file?: string): Promise<{ stop(): Promise<string> }>;
    }) => Promise<void>,
  ): Promise<void> {
    const [old, later] = [newKey('k1'), newKey('k2')];
    const keys = { old, new: later + old, other: newKey('k9') };
    await withProject({ ...FILES, ...keys }, (project) =>
      withService(project, ({ address }) => {
        const service = ['--temporal-address', address, '--store', project.path('shared')];
        return work({
          project,
          service,
          address,
          worker: async (file) => {
            const env: Record<string, string> =
              file === undefined ? {} : { BUILDER_PAYLOAD_KEY_FILE: project.path(file) };
            const worker = project.start(['worker', ...service, '--state-dir', 'st-worker'], env);
            await worker.says(/serving/);
            return {
              stop: async () => {
                worker.kill('SIGTERM');
                return (await worker.ended).stderr;
              },
            };
          },
        });
      }),
    );
  }

  test('its history shows neither queries nor params nor messages; the command shows all of them', () =>
    onService(async ({ project, service, address, worker }) => {
      await worker('old');
      const words = [...service, '--payload-key-command', `cat "${project.path('old')}"`];
      const failed = await project.run([...run('failing'), ...words]);
      expect([failed.code, markersIn(failed.stderr)]).toEqual([1, ['marker_message']]);
      const ended = await project.run([...run('p'), ...words]);
      expect([ended.code, ended.stderr]).toEqual([0, expect.stringMatching(/OK .*mine/)]);
      const held = await historiesOf(address);
      expect(markersIn(held)).toEqual([]);
      expect(held).toContain('Encoded failure');
      expect(held).toContain('COMMAND_FAILED');
    }));

  test('without keys it is as it was', () =>
    onService(async ({ project, service, address, worker }) => {
      await worker();
      expect((await project.run([...run('failing'), ...service])).code).toBe(1);
      expect(markersIn(await historiesOf(address)).toSorted()).toEqual([
        'marker_message',
        'marker_param',
        'marker_sql',
      ]);
    }));

  test('keys are changed without a gap: workers read both, whichever a command writes with', () =>
    onService(async ({ project, service, worker }) => {
      await worker('new');
      const first = await project.run([...run('p'), ...service, '--payload-key-file', 'new']);
      expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('2 OK')]);
      // It cannot read what the worker answers with its newer key.
      const late = await project.run([...run('failing'), ...service, '--payload-key-file', 'old']);
      expect([late.code, late.stderr]).toEqual([
        3,
        expect.stringContaining("encrypted with the key 'k2'; given are k1"),
      ]);
    }));

  test('a worker without the key leaves the run open, with a clear word and few tries; with it the run goes on', () =>
    onService(async ({ project, service, address, worker }) => {
      const without = await worker('other');
      const words = [...service, '--payload-key-file', 'old'];
      const { code, stderr } = await project.run([...run('p'), ...words]);
      expect([code, stderr]).toEqual([3, expect.stringContaining('PAYLOAD_KEY_MISSING')]);
      expect(stderr).toContain('resume');
      const said = await without.stop();
      const tries = said.match(/Failed to process Workflow Activation/g) ?? [];
      expect(said).toContain("encrypted with the key 'k1'; given are k9");
      expect(tries.length).toBeLessThan(10);
      expect(markersIn(await historiesOf(address))).toEqual([]);
      await worker('old');
      const resumed = await project.run(['resume', '--out', 'out', ...words]);
      expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('2 OK')]);
    }));

  test('keys that are none are said before anything begins', () =>
    withProject({ ...FILES, keys: 'none' }, async (project) => {
      const { code, stderr } = await project.run([
        ...run('p'),
        ...['--payload-key-file', 'keys', '--temporal-address', '127.0.0.1:1'],
      ]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('PAYLOAD_KEY_UNUSABLE')]);
      await expect(readFile(project.path('.builder/runs'))).rejects.toThrow('ENOENT');
      const both = await project.run([
        ...run('p'),
        '--payload-key-file',
        'keys',
        '--clear-payloads',
      ]);
      expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('only one')]);
    }));
});
