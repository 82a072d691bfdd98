import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

import { ROOT } from '../harness/cli.ts';

const run = promisify(execFile);

/** What each folder may import of the others. Of some only a part: the contract of kinds, types of activities. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  os: [],
  model: [],
  definition: ['model'],
  store: ['os', 'model'],
  duckdb: ['os', 'model'],
  delivery: ['os', 'model', 'store', 'duckdb'],
  kinds: ['os', 'model', 'duckdb'],
  activities: ['os', 'model', 'store', 'delivery', 'kinds/contract'],
  workflows: ['model', 'type activities'],
  metrics: ['os', 'model', 'store'],
  tracing: ['os', 'model'],
  engine: ['os', 'model'],
  orders: ['os', 'model'],
  payloads: ['os', 'model'],
  hooks: ['os', 'model', 'definition'],
  run: [
    ...['os', 'model', 'definition', 'store', 'duckdb', 'delivery', 'kinds/contract', 'activities'],
    ...['workflows', 'metrics', 'tracing', 'engine', 'orders', 'payloads', 'hooks'],
  ],
  cli: ['index.ts', 'run', 'model', 'definition'],
  'index.ts': ['kinds', 'run', 'model'],
};

/** The same within `run`; `project` stands for project.ts. */
const WITHIN_RUN: Readonly<Record<string, readonly string[]>> = {
  definitions: [],
  worker: ['definitions'],
  one: ['definitions', 'worker'],
  many: ['definitions', 'worker', 'one'],
  schedules: ['definitions', 'worker'],
  serve: ['definitions', 'worker', 'one', 'many', 'schedules'],
  prune: ['definitions', 'worker', 'many'],
  project: ['definitions', 'worker', 'one', 'many', 'schedules', 'serve', 'prune'],
};

/** Packages that a folder must not know. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  os: ['zod', 'pino', 'node-fetch', '@temporalio/common', 'prom-client'],
  model: ['node:fs', 'zod', '@temporalio/common'],
  definition: ['node:fs', '@temporalio/common', 'prom-client', 'commander'],
  store: ['@temporalio/client', 'prom-client', '@duckdb/node-api'],
  duckdb: ['@temporalio/client', 'prom-client'],
  delivery: ['@temporalio/client', 'prom-client'],
  kinds: ['@temporalio/activity', 'prom-client'],
  activities: ['@temporalio/client', '@temporalio/worker', '@temporalio/workflow', 'prom-client'],
  workflows: ['node:fs', 'yaml', 'zod', 'prom-client', '@temporalio/client', '@temporalio/worker'],
  engine: ['@temporalio/client', 'prom-client'],
  orders: ['@temporalio/client', '@temporalio/workflow', 'prom-client'],
  payloads: ['@temporalio/client', '@temporalio/worker', 'prom-client'],
  hooks: ['@temporalio/client', 'prom-client', 'zod'],
  run: ['commander', 'log-update'],
  cli: ['@temporalio/client', 'prom-client', '@duckdb/node-api'],
};

type Wrong = { readonly file: string; readonly line: string };

type Diagnostic = {
  readonly code: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
};

/** What a rule of ours says of such files. */
async function diagnose(
  files: readonly Wrong[],
  rule = 'no-restricted-imports',
): Promise<readonly Diagnostic[]> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-layers-'));
  try {
    await copyFile(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    for (const { file, line } of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), `${line}\n`);
    }
    const oxlint = join(ROOT, 'node_modules/.bin/oxlint');
    const { stdout } = await run(oxlint, ['-f', 'json', 'src'], {
      cwd: folder,
      maxBuffer: 2 ** 26,
    }).catch((error: { readonly stdout: string }) => error);
    const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: readonly Diagnostic[] };
    return diagnostics
      .filter(({ code }) => code.includes(rule))
      .map((one) => ({ ...one, filename: relative(folder, resolve(folder, one.filename)) }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The imports that lint lets pass. */
async function passed(imports: readonly Wrong[]): Promise<readonly string[]> {
  const refused = new Set((await diagnose(imports)).map(({ filename }) => filename));
  return imports
    .filter(({ file }) => !refused.has(file))
    .map(({ file, line }) => `${file}: ${line}`);
}

const folders = Object.keys(MAY);
const place = (folder: string, name: string): string =>
  folder === 'index.ts' ? 'src/index.ts' : `src/${folder}/${name}.ts`;

/** The import of something of `to` in a file of `from`. */
function importOf(from: string, to: string, kind: '' | 'type '): string {
  const up = from === 'index.ts' ? './' : '../';
  return `import ${kind}{ x } from '${up}${to.endsWith('.ts') ? to : `${to}/x.ts`}';`;
}

test('the folders of the table are those of src', async () => {
  expect(folders.toSorted()).toEqual((await readdir(join(ROOT, 'src'))).toSorted());
});

test('lint refuses every import between folders that is not in the table, types included', async () => {
  const wrong: Wrong[] = [];
  const right: Wrong[] = [];
  for (const from of folders.filter((folder) => folder !== 'index.ts')) {
    for (const to of folders.filter((folder) => folder !== from)) {
      for (const kind of ['', 'type '] as const) {
        const line = importOf(from, to, kind);
        const file = place(from, `to-${to.replace('.ts', '')}-${kind.trim()}`);
        const may = MAY[from]!.includes(to) || MAY[from]!.includes(`${kind}${to}`);
        (may ? right : wrong).push({ file, line });
      }
    }
    if (MAY[from]!.includes('kinds/contract')) {
      const line = importOf(from, 'kinds/contract.ts', '');
      right.push({ file: place(from, 'to-contract'), line });
    }
  }
  expect(wrong.length).toBeGreaterThan(400);
  expect(await passed(wrong)).toEqual([]);
  expect(await passed(right)).toEqual(right.map(({ file, line }) => `${file}: ${line}`));
});

test('lint refuses what the library itself may not name', async () => {
  const others = folders.filter((folder) => folder !== 'index.ts');
  const lines = others.map((to) =>
    importOf('index.ts', to, 'type ').replace('x }', `x as ${to} }`),
  );
  const found = await diagnose([{ file: 'src/index.ts', line: lines.join('\n') }]);
  const refused = found.flatMap(({ labels }) => labels.map(({ span }) => others[span.line - 1]));
  const wrong = others.filter((to) => !MAY['index.ts']!.includes(to));
  expect([...new Set(refused)].toSorted()).toEqual(wrong.toSorted());
});

test('lint refuses a circle of files, of types alone too', async () => {
  const found = await diagnose(
    [
      { file: 'src/os/a.ts', line: "import type { B } from './b.ts';\nexport type A = B | 1;" },
      { file: 'src/os/b.ts', line: "import type { A } from './a.ts';\nexport type B = A | 2;" },
    ],
    'no-cycle',
  );
  expect(found.length).toBeGreaterThan(0);
});

test('lint refuses every import between the folders of run that is not in their table', async () => {
  const wrong: Wrong[] = [];
  const right: Wrong[] = [];
  for (const [from, may] of Object.entries(WITHIN_RUN)) {
    for (const to of Object.keys(WITHIN_RUN).filter((folder) => folder !== from)) {
      const target = to === 'project' ? 'project.ts' : `${to}/x.ts`;
      const isTop = from === 'project';
      const line = `import type { x } from '${isTop ? './' : '../'}${target}';`;
      const file = isTop ? 'src/run/project.ts' : `src/run/${from}/to-${to}.ts`;
      if (!isTop) (may.includes(to) ? right : wrong).push({ file, line });
      // What all share knows none of them.
      if (!isTop && to !== 'project' && !['definitions', 'worker'].includes(to)) {
        wrong.push({ file: `src/run/to-${to}.ts`, line: `import type { x } from './${to}/x.ts';` });
      }
    }
  }
  expect(await passed(wrong)).toEqual([]);
  expect(await passed(right)).toEqual(right.map(({ file, line }) => `${file}: ${line}`));
});

test('lint refuses packages where they have no place', async () => {
  const wrong = Object.entries(PACKAGES).flatMap(([from, packages]) =>
    packages.flatMap((name) =>
      ['', 'type '].map((kind) => ({
        file: place(from, `${name.replace(/\W/g, '-')}-${kind.trim()}`),
        line: `import ${kind}{ x } from '${name}';`,
      })),
    ),
  );
  expect(await passed(wrong)).toEqual([]);
});
