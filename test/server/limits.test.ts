import { appendFile, readFile, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { freePort, scrape, until, withProject } from '../harness/cli.ts';

import type { Project, Running } from '../harness/cli.ts';

jest.setTimeout(300_000);

/** A step writes down that it begins and that it ends, and works until its file is there. */
const step = (id: string, limit = 'shop_db', more = ''): string => `
  ${id}:
    uses: exec.command
    uses_limit: ${limit}${more}
    with:
      shell: 'echo begin $ME-${id} >> "$LOG"; until [ -e "$GO/$ME-${id}" ]; do sleep 0.05; done; echo end $ME-${id} >> "$LOG"'
      env: { ME: '\${{ job.name }}' }
      pass_env: [LOG, GO]
`;
const NAMES = ['a', 'b', 'c', 'd'];
const SIX = ['s1', 's2', 's3', 's4', 's5', 's6'];
const FILES = {
  'builder.yaml': 'limits: { shop_db: 2, alone: 1 }\n',
  'profiles/one.yaml': `profile: one\nsteps:${step('ask')}`,
  'profiles/alone.yaml': `profile: alone\nsteps:${step('ask', 'alone')}`,
  'profiles/hasty.yaml': `profile: hasty\nsteps:${step('ask', 'alone', '\n    timeout: 3s\n    retry: { attempts: 1 }')}`,
  'profiles/six.yaml': `profile: six\nconcurrency: 6\nsteps:${SIX.map((id) => step(id)).join('')}`,
  ...Object.fromEntries(NAMES.map((name) => [`jobs/${name}.yaml`, `job: ${name}\nprofile: one\n`])),
  'jobs/many.yaml': 'job: many\nprofile: six\n',
  'go/.keep': '',
  log: '',
};

const start = (project: Project, job: string, more: readonly string[] = []): Running =>
  project.start(['run-profile', '--job', `jobs/${job}.yaml`, '--out', `out/${job}`, ...more], {
    LOG: project.path('log'),
    GO: project.path('go'),
  });
const go = (project: Project, ...names: readonly string[]): Promise<unknown> =>
  Promise.all(names.map((name) => writeFile(project.path(`go/${name}`), '')));

type Seen = { readonly begun: readonly string[]; readonly most: number; readonly now: number };

/** What the steps wrote down: who began, and how many were at work at once at most. */
async function seen(project: Project): Promise<Seen> {
  const working = new Set<string>();
  const begun: string[] = [];
  let most = 0;
  for (const line of (await readFile(project.path('log'), 'utf8')).split('\n')) {
    const [what, name = ''] = line.split(' ');
    if (what === 'begin') {
      working.add(name);
      begun.push(name);
    }
    if (what === 'end') working.delete(name);
    most = Math.max(most, working.size);
  }
  return { begun, most, now: working.size };
}

test('of four processes two are at work at once, also when one of them is killed; who waits is told', () =>
  withProject(FILES, async (project) => {
    const first = start(project, 'a');
    await until(async () => (await seen(project)).now === 1, 'the first works');
    const second = start(project, 'b');
    await until(async () => (await seen(project)).now === 2, 'the second works');
    const third = start(project, 'c');
    await third.says(/ask: waiting for limit shop_db/);
    const fourth = start(project, 'd');
    await fourth.says(/ask: waiting for limit shop_db/);
    const status = await project.run(['status', '--out', 'out/d']);
    expect(status.stdout).toMatch(/ask {3}RUNNING {2}waiting for limit shop_db/);

    // It is dead when anybody can see that it holds no place any more.
    await appendFile(project.path('log'), 'end a-ask\n');
    first.kill('SIGKILL');
    await first.ended;
    await until(async () => (await seen(project)).now === 2, 'the third works in its place');
    expect((await seen(project)).begun).toEqual(['a-ask', 'b-ask', 'c-ask']);
    await go(project, 'c-ask', 'd-ask');
    expect((await third.ended).code).toBe(0);
    await until(async () => (await seen(project)).begun.includes('d-ask'), 'the fourth works');
    expect((await fourth.ended).code).toBe(0);
    await go(project, 'a-ask', 'b-ask');
    await second.ended;
    const resumed = await project.run(['resume', '--out', 'out/a'], {
      LOG: project.path('log'),
      GO: project.path('go'),
    });
    expect(resumed.code).toBe(0);
    expect((await seen(project)).most).toBe(2);
  }));

test('the time in line counts for no time limit and no duration', () =>
  withProject(FILES, async (project) => {
    const holder = start(project, 'a', ['--profile', 'alone']);
    await until(async () => (await seen(project)).now === 1, 'it works');
    const hasty = start(project, 'b', ['--profile', 'hasty', '--json']);
    await hasty.says(/waiting for limit alone/);
    const sinceMs = Date.now();
    await until(() => Date.now() - sinceMs > 4_000, 'longer than its limit of 3 s');
    await go(project, 'a-ask', 'b-ask');
    expect((await holder.ended).code).toBe(0);
    const { code, stdout } = await hasty.ended;
    const { steps } = JSON.parse(stdout) as {
      steps: { attempts: number; duration_ms: number; elapsed_ms: number }[];
    };
    expect([code, steps[0]?.attempts]).toEqual([0, 1]);
    expect(steps[0]?.duration_ms).toBeLessThan(3_000);
    expect(steps[0]?.elapsed_ms).toBeGreaterThan(4_000);
  }));

test('who waits can be cancelled, and those behind it go on in their turn', () =>
  withProject(FILES, async (project) => {
    const alone = ['--profile', 'alone'];
    const holder = start(project, 'a', alone);
    await until(async () => (await seen(project)).now === 1, 'it works');
    const others = [];
    for (const name of ['b', 'c', 'd']) {
      const waiting = start(project, name, alone);
      await waiting.says(/waiting for limit alone/);
      others.push(waiting);
    }
    others[0]?.kill('SIGINT');
    expect((await others[0]?.ended)?.code).toBe(130);
    await go(project, 'a-ask', 'c-ask', 'd-ask');
    for (const running of [holder, ...others.slice(1)]) expect((await running.ended).code).toBe(0);
    expect(await seen(project)).toEqual({ begun: ['a-ask', 'c-ask', 'd-ask'], most: 1, now: 0 });
  }));

test('it holds within one run too; what waits is not running, and the metrics say what is held', () =>
  withProject(FILES, async (project) => {
    const port = await freePort();
    const at = ['--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'];
    const running = start(project, 'many', [...at, '--linger', '0']);
    await until(async () => {
      const waiting = running.said().match(/waiting for limit/g) ?? [];
      return waiting.length === 4 && (await seen(project)).now === 2;
    }, 'two work and four wait');
    const series = await until(async () => {
      const found = await scrape(port);
      const working = [...found.keys()].filter((name) =>
        name.startsWith('pipeline_step_running_seconds'),
      );
      return working.length === 2 ? found : undefined;
    }, 'two are shown as running');
    expect(series.get('pipeline_limit_in_use{limit="shop_db"}')).toBe(2);
    expect(series.get('pipeline_limit_waiting_seconds{limit="shop_db"}')).toBeGreaterThan(0);
    await go(project, ...SIX.map((id) => `many-${id}`));
    expect((await running.ended).code).toBe(0);
    const { begun, most } = await seen(project);
    expect([begun.length, most]).toEqual([6, 2]);
  }));

test('each item of a step takes a place of its own', () =>
  withProject(FILES, async (project) => {
    await project.write({
      'profiles/one.yaml': `
profile: one
steps:
  ask:
    uses: exec.command
    uses_limit: shop_db
    foreach: { in: [s1, s2, s3, s4, s5, s6], at_most: 6 }
    with:
      shell: 'echo begin a-$ITEM >> "$LOG"; until [ -e "$GO/a-$ITEM" ]; do sleep 0.05; done; echo end a-$ITEM >> "$LOG"; echo n > t.csv'
      env: { ITEM: '\${{ item }}' }
      pass_env: [LOG, GO]
      outputs: { table: { path: t.csv } }
`,
    });
    const running = start(project, 'a');
    await until(async () => (await seen(project)).now === 2, 'two are at work');
    await go(project, ...SIX.map((id) => `a-${id}`));
    expect((await running.ended).code).toBe(0);
    const { begun, most } = await seen(project);
    expect([begun.toSorted(), most]).toEqual([SIX.map((id) => `a-${id}`), 2]);
  }));

test('a step of a profile that is a step waits for its limit like any other', () =>
  withProject(FILES, async (project) => {
    await project.write({
      'profiles/outer.yaml':
        'profile: outer\nsteps: { inner: { uses: profile, with: { profile: alone } } }\n',
    });
    const holder = start(project, 'a', ['--profile', 'alone']);
    await until(async () => (await seen(project)).now === 1, 'it works');
    const outer = start(project, 'b', ['--profile', 'outer']);
    await outer.says(/ask: waiting for limit alone/);
    expect((await seen(project)).begun).toEqual(['a-ask']);
    await go(project, 'a-ask', 'b-ask');
    for (const running of [holder, outer]) expect((await running.ended).code).toBe(0);
    expect(await seen(project)).toEqual({ begun: ['a-ask', 'b-ask'], most: 1, now: 0 });
  }));

test('a limit that builder.yaml does not have is told with its place, and with what is meant', () =>
  withProject(FILES, async (project) => {
    await project.write({
      'profiles/one.yaml': `profile: one\nsteps:${step('ask', 'shop_bd')}`,
    });
    const { code, stderr } = await project.run(['validate', '--job', 'jobs/a.yaml']);
    expect(code).toBe(2);
    expect(stderr).toContain(
      "profiles/one.yaml:5:17: UNKNOWN_LIMIT: step 'ask' uses the limit 'shop_bd', which builder.yaml does not have; its limits: shop_db, alone",
    );
    expect(stderr).toContain("Did you mean 'shop_db'?");
  }));
