import { access, readdir, readFile, rm } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { freePort, until, withProject } from '../harness/cli.ts';
import { openReceiver, withReceiver } from '../harness/receiver.ts';

import type { Project } from '../harness/cli.ts';

const JOB = 'job: sales\nprofile: p\n';
const GOOD = `profile: p
steps:
  orders: { uses: transform.sql, with: { sql: 'select 1 as n' } }
`;
const BAD = `profile: p
steps:
  orders:
    uses: transform.sql
    with: { sql: 'select i as id, i - 2 as amount from range(4) t(i)' }
  checked:
    uses: check.table
    with: { table: orders, checks: [{ name: no_debts, expression: amount >= 0 }] }
`;
const SECRET = 'hooks-only-know-this-one';
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];

function filesOf(hooks: string, profile: string): Readonly<Record<string, string>> {
  return { 'builder.yaml': `hooks:\n${hooks}`, 'jobs/j.yaml': JOB, 'jobs/p.yaml': profile };
}

async function due({ path }: Project): Promise<readonly string[]> {
  return readdir(path('.builder/hooks/due')).catch(() => []);
}

test('a failed run is told to the receiver in the words of the terminal, with the command that goes on', () =>
  withReceiver({}, async (receiver) => {
    const hook = `  on_failure: [{ http: { url: '${receiver.url}/x', headers: { Authorization: 'Bearer \${{ secrets.TOKEN }}' } } }]\n`;
    await withProject(filesOf(hook, BAD), async (project) => {
      const ended = await project.run(RUN, { BUILDER_SECRET_TOKEN: SECRET });
      expect(ended.code).toBe(4);
      expect(receiver.got).toHaveLength(1);
      const { method, path, headers, body } = receiver.got[0]!;
      const message = JSON.parse(body) as Record<string, unknown> & {
        text: string;
        run_id: string;
      };
      expect([method, path, headers.authorization]).toEqual(['POST', '/x', `Bearer ${SECRET}`]);
      expect(headers['idempotency-key']).toBe(message['key']);
      expect(message).toMatchObject({
        version: 1,
        event: 'failure',
        title: 'sales with p: FAIL',
        job: 'sales',
        profile: 'p',
        partition: null,
        status: 'FAIL',
        failures: [{ step: 'checked', status: 'FAIL', code: 'CHECK_FAILED' }],
        resume: `builder_cli resume ${message.run_id} --state-dir ${project.path('.builder')}`,
        url: null,
      });
      const told = /^ {2}(FAIL {2}step checked.*)\n/m.exec(ended.stderr)?.[1];
      expect(message.text).toContain(told);
      expect(message.text).toContain('1 OK, 1 FAIL');
      expect(message.text).toContain(String(message['resume']));
      expect(await due(project)).toEqual([]);
      expect(await whatHolds(project, SECRET)).toEqual([]);
    });
  }));

/** Files of the project that hold a text. */
async function whatHolds({ folder }: Project, text: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = `${entry.parentPath}/${entry.name}`;
    if ((await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}

test('the first good run after a bad one is a recovery, the second is not; a good one after a resume is one, too', () =>
  withReceiver({}, async (receiver) => {
    const to = (path: string): string => `[{ http: { url: '${receiver.url}/${path}' } }]`;
    const hooks = `  on_failure: ${to('bad')}\n  on_success: ${to('good')}\n  on_recovery: ${to('again')}\n`;
    await withProject(filesOf(hooks, BAD), async (project) => {
      let seen = 0;
      const paths = (): readonly string[] => {
        const more = receiver.got.slice(seen).map(({ path }) => path);
        seen += more.length;
        return more.sort();
      };
      await project.run(RUN);
      expect(paths()).toEqual(['/bad']);
      await project.write({ 'jobs/p.yaml': GOOD });
      await project.run(RUN);
      expect(paths()).toEqual(['/again', '/good']);
      await project.run(RUN);
      expect(paths()).toEqual(['/good']);
      await project.write({ 'jobs/p.yaml': BAD });
      await project.run(RUN);
      await project.write({ 'jobs/p.yaml': GOOD });
      await project.run(['resume', '--out', 'out']);
      expect(paths()).toEqual(['/again', '/bad', '/good']);
    });
  }));

test('a receiver that is away holds nobody up, and gets each message once when it is back', () =>
  withProject({}, async (project) => {
    const port = await freePort();
    const hook = `  on_success: [{ name: team, http: { url: 'http://127.0.0.1:${port}/' } }]\n`;
    await project.write(filesOf(hook, GOOD));
    const first = await project.run(RUN);
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(
      /^hook {6}builder.yaml on_success 1 team of run sales-\S+: the receiver is not reached \(ECONNREFUSED\)/m,
    );
    expect(await due(project)).toHaveLength(1);
    const runId = /^run {7}(\S+)/m.exec(first.stderr)![1]!;
    expect((await project.run(['status', runId])).stdout).toContain('waiting');

    const receiver = await openReceiver({ port });
    try {
      await until(async () => {
        await project.run(RUN);
        return (await due(project)).length === 0;
      }, 'the message of the first run is sent by a later one');
      expect(receiver.keys().filter((key) => key.startsWith(runId))).toHaveLength(1);
      expect(new Set(receiver.keys()).size).toBe(receiver.keys().length);
      expect((await project.run(['status', runId])).stdout).toContain('sent');
    } finally {
      await receiver.close();
    }
  }));

test('a receiver that hangs delays a command by seconds, and the summary not at all', () =>
  withReceiver({ behave: () => 'hangs' }, async (receiver) => {
    const hook = `  on_success: [{ http: { url: '${receiver.url}' }, timeout: 1m }]\n`;
    await withProject(filesOf(hook, GOOD), async (project) => {
      const running = project.start(RUN);
      await running.says(/OK {2}sales-\S+ /);
      const summaryMs = Date.now();
      expect((await running.ended).code).toBe(0);
      expect(Date.now() - summaryMs).toBeLessThan(20_000);
      expect(await due(project)).toHaveLength(1);
    });
  }));

test('a command gets the message on its standard input, and its secrets in its environment alone', () =>
  withProject({}, async (project) => {
    const hook = `  on_success:
    - command: [sh, -c, 'cat > told.json; printf "%s %s" "$1" "$TOKEN" > words', sh, '\${{ message.title }}']
      env: { TOKEN: '\${{ secrets.TOKEN }}' }
    - command: [sh, -c, 'echo "no $TOKEN" >&2; exit 3']
      env: { TOKEN: '\${{ secrets.TOKEN }}' }
`;
    await project.write(filesOf(hook, GOOD));
    const { code, stderr } = await project.run(RUN, { BUILDER_SECRET_TOKEN: SECRET });
    expect(code).toBe(0);
    expect(await project.readJson('told.json')).toMatchObject({ event: 'success', status: 'OK' });
    expect(await readFile(project.path('words'), 'utf8')).toBe(`sales with p: OK ${SECRET}`);
    expect(stderr).toContain('sh ended with exit code 3: no ***');
    await rm(project.path('words'));
    expect(await whatHolds(project, SECRET)).toEqual([]);
  }));

test('hooks change nothing of what is built: the next run reuses every result', () =>
  withReceiver({}, async (receiver) => {
    await withProject(filesOf('  on_failure: []\n', GOOD), async (project) => {
      await project.run(RUN);
      const before = await project.readJson<{ plan_sha256: string }>('out/manifest.json');
      const hooks = `hooks: { on_success: [{ http: { url: '${receiver.url}' } }] }\n`;
      await project.write({ 'jobs/j.yaml': `${JOB}${hooks}` });
      const { stderr } = await project.run(RUN);
      expect(stderr).toContain('1 CACHED');
      expect(receiver.got).toHaveLength(1);
      expect((await project.readJson('out/manifest.json'))['plan_sha256']).toBe(before.plan_sha256);
      await expect(access(project.path('.builder/hooks/due'))).resolves.toBeUndefined();
    });
  }));
