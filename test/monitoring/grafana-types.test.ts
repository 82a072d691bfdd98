/**
 * The dashboard held to the types that Grafana publishes for its files: a misspelt option is otherwise ignored in silence.
 * The types are compiled against the JSON as it is committed.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ROOT } from '../harness/cli.ts';
import { readDashboard } from './dashboard.ts';

import type { Dashboard, Panel } from './dashboard.ts';

const TYPES = join(ROOT, 'node_modules/@grafana/schema/dist/types/raw');

/** Where the options of a type of panel are described, and whether each field of it has options too. */
const PANELS: Readonly<Record<string, { readonly folder: string; readonly fields: boolean }>> = {
  stat: { folder: 'stat', fields: false },
  timeseries: { folder: 'timeseries', fields: true },
  table: { folder: 'table', fields: true },
  barchart: { folder: 'barchart', fields: true },
  'status-history': { folder: 'statushistory', fields: true },
};

/** Read by the Prometheus datasource and by the editor of variables, and described nowhere. */
const UNDESCRIBED = {
  annotations: ['tagKeys', 'target', 'textFormat', 'titleFormat', 'useValueForTime'],
  templating: ['auto', 'auto_count', 'auto_min', 'definition'],
};

test('every key and value of the dashboard is one that Grafana describes', () => {
  expect(complaints(readDashboard())).toEqual([]);
});

test.each<[string, (text: string) => string]>([
  ['a misspelt option', (text) => text.replace('"colorMode"', '"colourMode"')],
  ['a value that is none', (text) => text.replace('"drawStyle":"line"', '"drawStyle":"lines"')],
  ['a missing key', (text) => text.replace(',"calcs":["sum"]', '')],
])('%s is seen', (_what, change) => {
  const text = JSON.stringify(readDashboard());
  expect(change(text)).not.toBe(text);
  expect(complaints(JSON.parse(change(text))).length).toBeGreaterThan(0);
});

function complaints(dashboard: Dashboard): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'grafana-types-'));
  try {
    const file = join(folder, 'dashboard.ts');
    writeFileSync(file, typed(dashboard));
    const { status, stdout, stderr } = spawnSync(
      join(ROOT, 'node_modules/.bin/tsc'),
      ['--noEmit', '--strict', '--skipLibCheck', '--module', 'esnext', '--target', 'es2022'].concat(
        ['--moduleResolution', 'bundler', '--types', '', file],
      ),
      { encoding: 'utf8', cwd: folder },
    );
    if (status === null) throw new Error(`tsc did not run: ${stderr}`);
    const lines = stdout.split('\n').filter((line) => line.includes('error TS'));
    return status !== 0 && lines.length === 0 ? [stdout + stderr] : lines;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The dashboard as TypeScript, each part with the type it must have. */
function typed(dashboard: Dashboard): string {
  const { panels, annotations, templating, ...rest } = dashboard;
  const whole = {
    ...rest,
    annotations: { list: described(annotations.list, UNDESCRIBED.annotations) },
    templating: { list: described(templating.list, UNDESCRIBED.templating) },
  };
  const all = panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  return [
    `import type { Dashboard, Panel, RowPanel } from '${TYPES}/dashboard/x/types.gen';`,
    ...Object.values(PANELS).map(
      ({ folder }) =>
        `import type * as ${folder} from '${TYPES}/composable/${folder}/panelcfg/x/types.gen';`,
    ),
    // In a file an enum is its text.
    'type Text<T> = T extends string ? (string extends T ? T : `${T}`) : T extends readonly (infer U)[] ? Text<U>[]',
    '  : T extends object ? { [K in keyof T]: Text<T[K]> } : T;',
    constant('whole', "Omit<Dashboard, 'panels'>", whole),
    ...all.flatMap((panel) => (panel.type === 'row' ? typedRow(panel) : typedPanel(panel))),
  ].join('\n');
}

function typedRow({ panels: _inside, ...row }: Panel): readonly string[] {
  return [constant(`row${row.id}`, "Omit<RowPanel, 'panels'>", row)];
}

function typedPanel(panel: Panel): readonly string[] {
  const kind = PANELS[panel.type];
  if (kind === undefined) throw new Error(`no types are known for a panel of type ${panel.type}`);
  const { options, fieldConfig, ...plain } = panel as Panel & {
    readonly options: unknown;
    readonly fieldConfig: { readonly defaults: { readonly custom?: unknown } };
  };
  const { custom = {}, ...defaults } = fieldConfig.defaults;
  return [
    constant(`panel${panel.id}`, 'Panel', { ...plain, fieldConfig: { ...fieldConfig, defaults } }),
    constant(`options${panel.id}`, `Partial<${kind.folder}.Options>`, options),
    ...(kind.fields
      ? [constant(`custom${panel.id}`, `Partial<${kind.folder}.FieldConfig>`, custom)]
      : []),
  ];
}

const constant = (name: string, type: string, value: unknown): string =>
  `export const ${name}: Text<${type}> = ${JSON.stringify(value)};`;

const described = (list: readonly object[], undescribed: readonly string[]): readonly object[] =>
  list.map((entry) =>
    Object.fromEntries(Object.entries(entry).filter(([key]) => !undescribed.includes(key))),
  );
