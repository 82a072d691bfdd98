/** What a viewer can choose, and the addresses that differ between installations. */

import {
  ConstantVariableBuilder,
  DatasourceVariableBuilder,
  IntervalVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** Matchers that narrow metrics of runs, and those of steps, to what was chosen. */
export type Filters = { readonly run: readonly string[]; readonly step: readonly string[] };

const OF_JOB = ['job=~"$job"', 'profile=~"$profile"'];

export const OVERVIEW_FILTERS: Filters = { run: OF_JOB, step: OF_JOB };
export const JOB_FILTERS: Filters = { run: OF_JOB, step: [...OF_JOB, 'step=~"$step"'] };

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

type Choice = {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly metric: string;
  /** Variables that are chosen before it. */
  readonly after?: readonly string[];
  /** One value only, the first at first; else several, all at first. */
  readonly one?: boolean;
};

/** Values of a label, looked up again when the time range changes. */
function choice({ name, label, description, metric, after = [], one = false }: Choice) {
  const filters = after.map((other) => `${other}=~"$${other}"`).join(', ');
  const selector = metric.endsWith('}')
    ? `${metric.slice(0, -1)}, ${filters}}`
    : `${metric}{${filters}}`;
  const query = `label_values(${filters === '' ? metric : selector}, ${name})`;
  const built = new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(DATASOURCE)
    .definition(query)
    .query({ qryType: 1, query, refId: `Variable-${name}` })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(!one)
    .includeAll(!one);
  return one ? built : built.allValue('.+').current({ text: ['All'], value: ['$__all'] });
}

const RUNS = 'pipeline_run_started_timestamp_seconds';

export const datasource = () =>
  new DatasourceVariableBuilder('datasource')
    .label('Datasource')
    .type('prometheus')
    .current({ text: 'prometheus', value: 'prometheus' });

export const job = (one: boolean) =>
  choice({ name: 'job', label: 'Job', description: 'Name of the job file', metric: RUNS, one });

export const profile = () =>
  choice({
    name: 'profile',
    label: 'Profile',
    description: 'Name of the profile',
    metric: RUNS,
    after: ['job'],
  });

export const step = () =>
  choice({
    name: 'step',
    label: 'Step',
    description: 'Id of the step in its profile',
    // One of them is there for every step.
    metric: '{__name__=~"pipeline_profile_step_(timeout|p95_threshold)_seconds"}',
    after: ['job', 'profile'],
  });

/** How far back a percentile looks. */
export const WINDOW = '6h';

export const window = () =>
  new IntervalVariableBuilder('window')
    .label('Percentile window')
    .description('How far back each point of a percentile looks')
    .values('1h,6h,1d,7d')
    .current({ text: WINDOW, value: WINDOW });

/** An address that an installation may want to change: here, in one place. */
const address = (name: string, label: string, value: string) =>
  new ConstantVariableBuilder(name).label(label).value(value);

export const addresses = () => [
  address('temporal_ui', "Temporal's UI", 'http://localhost:8233/namespaces/default'),
  address('prometheus_ui', "Prometheus' UI", 'http://localhost:9090'),
  // docs/alerts.md, as the stack's Prometheus serves it.
  address('runbook', 'Runbook', 'http://localhost:9090/consoles/alerts.md'),
];
