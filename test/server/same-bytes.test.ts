import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { freePort, ROOT, runCli, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';

type Manifest = {
  readonly files: readonly {
    readonly columns?: readonly { readonly name: string; readonly type: string }[];
  }[];
};

const deep = ['run-profile', '--job', join(ROOT, 'jobs/standard.yaml'), '--profile', 'deep'];

test('the shipped profiles give the same bytes from two state folders, with 1, 2 and 8 query threads', async () => {
  await withProject({}, async (project) => {
    for (const threads of ['1', '2', '8']) {
      const { code, stderr } = await project.run([
        ...deep,
        ...['--out', `out-${threads}`, '--state-dir', `st-${threads}`, '--sql-threads', threads],
      ]);
      expect([code, stderr]).toEqual([0, expect.stringContaining('23 OK')]);
    }
    const content = await contentOf(project.path('out-1'));
    expect(Object.keys(content).length).toBeGreaterThan(8);
    expect(await contentOf(project.path('out-2'))).toEqual(content);
    expect(await contentOf(project.path('out-8'))).toEqual(content);
    const manifest = JSON.parse(
      await readFile(project.path('out-1/manifest.json'), 'utf8'),
    ) as Manifest;
    const floating = manifest.files.flatMap(({ columns }) =>
      (columns ?? []).filter(({ type }) => /DOUBLE|FLOAT/.test(type)).map(({ name }) => name),
    );
    // Declared as such in the profile.
    expect([...new Set(floating)].toSorted()).toEqual(['latitude', 'longitude']);
  });
}, 120_000);

test('without an exporter, with one, and without its library the delivery is the same', async () => {
  await withProject({}, async (project) => {
    const quick = ['run-profile', '--job', join(ROOT, 'jobs/standard.yaml'), '--profile', 'quick'];
    const port = String(await freePort());
    const place = ['--prometheus-port', port, '--prometheus-address', '127.0.0.1'];
    const exporter = [...place, '--linger', '0'];
    expect(
      (
        await project.run([
          ...quick,
          '--out',
          'off',
          '--state-dir',
          'st1',
          '--prometheus-port',
          '0',
        ])
      ).code,
    ).toBe(0);
    expect(
      (await project.run([...quick, '--out', 'on', '--state-dir', 'st2', ...exporter])).code,
    ).toBe(0);

    // The product as it is, but for the optional package.
    const copy = project.path('product');
    await mkdir(join(copy, 'node_modules'), { recursive: true });
    for (const name of ['bin', 'dist', 'package.json'])
      await cp(join(ROOT, name), join(copy, name), { recursive: true });
    for (const name of await readdir(join(ROOT, 'node_modules'))) {
      if (name !== 'prom-client')
        await symlink(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name));
    }
    const { spawn } = await import('node:child_process');
    const child = spawn(
      process.execPath,
      [
        join(copy, 'bin/builder_cli.cjs'),
        ...quick,
        '--out',
        'missing',
        '--state-dir',
        'st3',
        ...exporter,
      ],
      { cwd: project.folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const [code] = (await once(child, 'close')) as [number];
    expect([code, said]).toEqual([0, expect.stringContaining('prom-client is not installed')]);
    expect(said.match(/prom-client/g)?.length).toBeLessThanOrEqual(2);

    const off = await contentOf(project.path('off'));
    expect(await contentOf(project.path('on'))).toEqual(off);
    expect(await contentOf(project.path('missing'))).toEqual(off);
  });
}, 120_000);

test('two runs at once on one state folder both finish, each with its own steps on its own port', async () => {
  const files = {
    'jobs/a.yaml': 'job: a\n',
    'jobs/b.yaml': 'job: b\n',
    'profiles/p.yaml': `
profile: p
steps:
  wait: { uses: exec.command, with: { shell: 'sleep 1' } }
  make: { uses: exec.command, needs: [wait], with: { shell: 'echo a > t.csv; echo \${{ job.name }} >> t.csv', outputs: { table: { path: t.csv } } } }
  copy: { uses: export.dataset, with: { from: make, formats: [csv] } }
`,
  };
  await withProject(files, async (project) => {
    const { scrape } = await import('../harness/cli.ts');
    const ports = { a: await freePort(), b: await freePort() };
    const runs = (['a', 'b'] as const).map((job) =>
      project.start([
        ...['run-profile', '--job', `jobs/${job}.yaml`, '--profile', 'p', '--out', `out-${job}`],
        ...[
          '--prometheus-port',
          String(ports[job]),
          '--prometheus-address',
          '127.0.0.1',
          '--linger',
          '60',
        ],
      ]),
    );
    for (const run of runs) await run.says(/waiting for a last scrape/);
    for (const job of ['a', 'b'] as const) {
      const counted = [...(await scrape(ports[job]))].filter(
        ([name, value]) => name.startsWith('pipeline_step_status_total') && value === 1,
      );
      expect(counted.map(([name]) => name).sort()).toEqual(
        ['copy', 'make', 'wait'].map(
          (step) =>
            `pipeline_step_status_total{job="${job}",profile="p",step="${step}",status="OK"}`,
        ),
      );
    }
    for (const run of runs) expect((await run.ended).code).toBe(0);
  });
});

test('a port that is taken is refused before anything starts', async () => {
  const { createServer } = await import('node:net');
  await withProject({}, async (project) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { code, stderr } = await runCli(
      [
        ...deep,
        '--out',
        'out',
        '--state-dir',
        'st',
        '--prometheus-port',
        String(port),
        '--prometheus-address',
        '127.0.0.1',
      ],
      { cwd: project.folder },
    );
    server.close();
    expect([code, stderr]).toEqual([2, expect.stringContaining('PORT_IN_USE')]);
    expect(await readdir(project.path('st')).catch(() => [])).not.toContain('engine');
  });
});

test('the same project in two folders delivers the same bytes, the manifest included', async () => {
  const files = {
    'data/a.csv': 'id,v\n1,2\n',
    'jobs/j.yaml': 'job: j\nprofile: p\ninputs: { a: { path: ../data/*.csv } }\n',
    'profiles/p.yaml': `
profile: p
steps:
  a: { uses: collect.files, with: { from: '\${{ inputs.a }}' } }
  files: { uses: export.dataset, with: { from: a, formats: [csv, parquet] } }
`,
  };
  const delivered: unknown[] = [];
  for (let i = 0; i < 2; i += 1) {
    await withProject(files, async (project) => {
      const words = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];
      expect((await project.run(words)).code).toBe(0);
      delivered.push(await contentOf(project.path('out')));
    });
  }
  expect(Object.keys(delivered[0] as object)).toContain('manifest.json');
  expect(delivered[1]).toEqual(delivered[0]);
});
