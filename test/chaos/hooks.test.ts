import { readdir } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { freePort, until, withProject } from '../harness/cli.ts';
import { openReceiver, withReceiver } from '../harness/receiver.ts';

import type { Project } from '../harness/cli.ts';

const PROFILE = `profile: p
steps:
  one: { uses: transform.sql, with: { sql: 'select 1 as n' } }
`;
const run = (out: string): string[] => ['run-profile', '--job', 'jobs/j.yaml', '--out', out];

function filesOf(url: string): Readonly<Record<string, string>> {
  return {
    'builder.yaml': `hooks: { on_success: [{ http: { url: '${url}' }, timeout: 1m }] }\n`,
    'jobs/j.yaml': 'job: j\nprofile: p\n',
    'jobs/p.yaml': PROFILE,
  };
}

async function waiting({ path }: Project): Promise<readonly string[]> {
  const lists = ['due', 'prepared'].map((name) => readdir(path(`.builder/hooks/${name}`)));
  return (await Promise.all(lists)).flat();
}

test('a command that is killed while it sends: the next one sends it, with the same key', () =>
  withReceiver({ behave: (n) => (n === 1 ? 'hangs' : 200) }, (receiver) =>
    withProject(filesOf(receiver.url), async (project) => {
      const killed = project.start(run('out'));
      await until(() => receiver.got.length === 1, 'it is being sent', 60_000);
      killed.kill('SIGKILL');
      await killed.ended;
      expect(await waiting(project)).toHaveLength(1);
      expect((await project.run(run('out'))).code).toBe(0);
      await until(async () => (await waiting(project)).length === 0, 'nothing waits');
      const keys = receiver.got.map(({ headers }) => headers['idempotency-key']);
      expect(keys).toHaveLength(3);
      expect(new Set(keys).size).toBe(2);
      expect(receiver.keys()).toContain(keys[0]);
    }),
  ));

test(
  'whenever commands are killed, every run that ended is told, and none that did not',
  () =>
    withReceiver({}, (receiver) =>
      withProject(filesOf(receiver.url), async (project) => {
        expect((await project.run(run('first'))).code).toBe(0);
        const outs = Array.from({ length: 8 }, (_, i) => `out${i}`);
        for (const [i, out] of outs.entries()) {
          const killed = project.start(run(out));
          await Promise.race([
            killed.ended,
            // From before anything was begun to after everything is over, on a machine of any speed.
            killed.says(/^run {7}/m).then(() => new Promise((done) => setTimeout(done, i * 40))),
          ]);
          killed.kill('SIGKILL');
          await killed.ended;
        }
        const closed = async (): Promise<readonly string[]> => {
          const { stdout } = await project.run(['runs', '--json', '--limit', '100']);
          const { runs } = JSON.parse(stdout) as { runs: { run_id: string; state: string }[] };
          return runs.filter(({ state }) => state === 'closed').map(({ run_id: id }) => id);
        };
        const told = (): readonly string[] =>
          [...new Set(receiver.keys().map((key) => key.split('.')[0]!))].sort();
        // A last one sends what is left; those that were cut off in their midst have not ended.
        expect((await project.run(run('last'))).code).toBe(0);
        await until(async () => {
          const ended = [...(await closed())].sort();
          return told().length >= ended.length && (await project.run(run('last'))).code === 0;
        }, 'every run that ended is told');
        expect(told()).toEqual([...(await closed())].sort());
        for (const out of outs) await project.run(['resume', '--out', out]);
        expect((await project.run(run('last'))).code).toBe(0);
        const ended = [...(await closed())].sort();
        expect(told()).toEqual(ended);
        expect(await waiting(project)).toEqual([]);
      }),
    ),
  180_000,
);

test('what commands leave is sent by the process that serves, as soon as the receiver is back', () =>
  withProject({}, async (project) => {
    const port = await freePort();
    await project.write(filesOf(`http://127.0.0.1:${port}/`));
    expect((await project.run(run('out'))).code).toBe(0);
    expect(await waiting(project)).toHaveLength(1);
    const serving = project.start(['dev']);
    await serving.says(/^serving {3}/m);
    const receiver = await openReceiver({ port });
    try {
      await until(() => receiver.keys().length === 1, 'it is sent', 60_000);
      await until(async () => (await waiting(project)).length === 0, 'nothing waits');
      serving.kill('SIGKILL');
      await serving.ended;
    } finally {
      await receiver.close();
    }
  }));
