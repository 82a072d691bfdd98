import { expect, test } from '@jest/globals';

import { KINDS } from '../../src/kinds/index.ts';
import { checkDefinition } from '../../src/definition/check.ts';
import { formatDuration, parseDuration } from '../../src/model/duration.ts';
import { jobSchema, PARAM_TYPES } from '../../src/definition/job.ts';
import { DEFAULTS, profileSchema } from '../../src/definition/profile.ts';
import { allowedKeys } from '../../src/definition/schema-keys.ts';
import { checkProject } from '../../src/definition/check-project.ts';
import { projectSchema } from '../../src/definition/project-file.ts';
import { HOOK_WORDS } from '../../src/model/hook.ts';
import { readDocument } from './documents.ts';

/** The last YAML block of a document: its complete example. */
async function exampleOf(path: string): Promise<string> {
  const blocks = [...(await readDocument(path)).matchAll(/```yaml\n([\s\S]*?)```/g)];
  return blocks.at(-1)![1]!;
}

test('the examples of the job and the profile reference are valid together', async () => {
  const { plan, problems } = checkDefinition({
    job: { path: 'docs/job.md', text: await exampleOf('docs/job.md') },
    profiles: [{ path: 'docs/profile.md', text: await exampleOf('docs/profile.md') }],
    kinds: KINDS,
    given: {},
    start: { date: '2026-01-31' },
    resolvePath: (path) => path,
  });

  expect(problems).toEqual([]);
  expect(plan?.steps).toHaveLength(4);
});

test('every key of both files and every type of a parameter is in its reference', async () => {
  const job = await readDocument('docs/job.md');
  const profile = await readDocument('docs/profile.md');
  const missing = [
    ...[...allowedKeys(jobSchema, []), ...PARAM_TYPES].filter((key) => !job.includes(`\`${key}`)),
    ...allowedKeys(jobSchema, ['params', 'x']).filter((key) => !job.includes(`\`${key}\``)),
    ...allowedKeys(profileSchema, []).filter((key) => !profile.includes(`| \`${key}\``)),
    ...allowedKeys(profileSchema, ['steps', 'x']).filter((key) => !profile.includes(`| \`${key}`)),
  ];

  expect(missing).toEqual([]);
});

test('the reference of builder.yaml has a right example, and every key', async () => {
  const page = await readDocument('docs/builder-yaml.md');
  const text = await exampleOf('docs/builder-yaml.md');

  expect(checkProject({ path: 'docs/builder-yaml.md', text }).problems).toEqual([]);
  expect(allowedKeys(projectSchema, []).filter((key) => !page.includes(`| \`${key}\``))).toEqual(
    [],
  );
  for (const key of allowedKeys(projectSchema, ['retention'])) expect(page).toContain(`\`${key}\``);
});

test('every example of the page of hooks is right, and every key and word stands there', async () => {
  const page = await readDocument('docs/hooks.md');
  const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);
  expect(examples.length).toBeGreaterThan(4);
  for (const text of examples) {
    expect(checkProject({ path: 'docs/hooks.md', text }).problems).toEqual([]);
  }
  const hook = allowedKeys(projectSchema, ['hooks', 'on_failure', 0]);
  const http = allowedKeys(projectSchema, ['hooks', 'on_failure', 0, 'http']);
  const keys = [...hook.filter((key) => key !== 'http'), ...http.map((key) => `http.${key}`)];
  const words = [...allowedKeys(projectSchema, ['hooks']), ...keys, ...HOOK_WORDS];
  expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
});

test('every kind has its section, which names each of its options', async () => {
  const sections = (await readDocument('docs/kinds.md')).split(/^## /m);
  const missing = KINDS.flatMap(({ kind, schema }) => {
    const section = sections.find((text) => text.startsWith(`${kind}\n`));
    if (section === undefined) return [`docs/kinds.md has no section '## ${kind}'`];
    return allowedKeys(schema, [])
      .filter((key) => !new RegExp(`\`${key}[\`.]`).test(section))
      .map((key) => `docs/kinds.md: ${kind} does not name \`${key}\``);
  });

  expect(missing).toEqual([]);
});

test('the defaults in the profile reference are those of the code', async () => {
  const profile = await readDocument('docs/profile.md');
  const { attempts, backoff, factor, max_backoff: longest } = DEFAULTS.retry;

  expect(profile).toContain(`| \`concurrency\` | \`${DEFAULTS.concurrency}\` |`);
  expect(profile).toContain(`| \`timeout\` | \`${DEFAULTS.timeout}\` |`);
  expect(profile).toContain(
    `| \`retry\` | \`{ attempts: ${attempts}, backoff: ${backoff}, factor: ${factor}, max_backoff: ${longest} }\` |`,
  );
  expect(formatDuration(parseDuration(DEFAULTS.timeout))).toBe(DEFAULTS.timeout);
});
