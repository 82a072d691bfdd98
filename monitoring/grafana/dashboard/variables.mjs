/** What a viewer can choose, the addresses that differ between installations, and the marks of run starts and ends. */

import { COLOUR } from './look.mjs';
import { newest } from './queries.mjs';

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** A choice of several values, all at first; the values are looked up again when the time range changes. */
const choice = (name, label, description, query) => ({
  type: 'query',
  name,
  label,
  description,
  datasource: DATASOURCE,
  definition: query,
  query: { qryType: 1, query, refId: `Variable-${name}` },
  multi: true,
  includeAll: true,
  allValue: '.+',
  current: { text: ['All'], value: ['$__all'] },
  options: [],
  refresh: 2,
  regex: '',
  sort: 1,
  hide: 0,
});

/** Values of a label, of recorded series and of live ones: the rules may not be loaded. */
const labelValues = (name, narrowedBy, label) => {
  const either = `__name__=~"pipeline(_${name}|:${name}:newest)"`;
  const filters = [either, ...narrowedBy.map((variable) => `${variable}=~"$${variable}"`)];
  return `label_values({${filters.join(', ')}}, ${label})`;
};

/** An address that an installation may want to change: here, in one place. */
const address = (name, label, value) => ({
  type: 'constant',
  name,
  label,
  query: value,
  current: { text: value, value },
  hide: 2,
  skipUrlSync: true,
});

const WINDOWS = ['1h', '6h', '1d', '7d'];
const WINDOW = '6h';

export const variables = [
  {
    type: 'datasource',
    name: 'datasource',
    label: 'Datasource',
    query: 'prometheus',
    current: { text: 'prometheus', value: 'prometheus' },
    options: [],
    multi: false,
    includeAll: false,
    refresh: 1,
    regex: '',
    hide: 0,
  },
  choice(
    'job',
    'Job',
    'Name of the job file',
    labelValues('run_started_timestamp_seconds', [], 'job'),
  ),
  choice(
    'profile',
    'Profile',
    'Name of the profile',
    labelValues('run_started_timestamp_seconds', ['job'], 'profile'),
  ),
  choice(
    'step',
    'Step',
    'Id of the step in its profile',
    labelValues('profile_step_timeout_seconds', ['job', 'profile'], 'step'),
  ),
  choice(
    'instance',
    'Instance',
    'Exporter, as Prometheus knows it: narrows counts and worker panels to some workers',
    'label_values(pipeline_build_info, instance)',
  ),
  {
    type: 'interval',
    name: 'window',
    label: 'Percentile window',
    description: 'How far back each point of a percentile or mean looks',
    query: WINDOWS.join(','),
    options: WINDOWS.map((value) => ({ text: value, value, selected: value === WINDOW })),
    current: { text: WINDOW, value: WINDOW },
    auto: false,
    auto_count: 30,
    auto_min: '10s',
    refresh: 2,
    hide: 0,
  },
  address('temporal_ui', "Temporal's UI", 'http://localhost:8233/namespaces/default'),
  address('prometheus_ui', "Prometheus' UI", 'http://localhost:9090'),
  // docs/alerts.md, as the stack's Prometheus serves it.
  address('runbook', 'Runbook', 'http://localhost:9090/consoles/alerts.md'),
];

/** Marks at the time the metric says, not at the time it was scraped. */
const mark = (name, metric, iconColor, titleFormat) => ({
  name,
  datasource: DATASOURCE,
  enable: true,
  hide: false,
  iconColor,
  target: {
    refId: 'Anno',
    expr: `1000 * ${newest(metric)}`,
    interval: '1m',
    range: true,
    instant: false,
  },
  titleFormat,
  textFormat: '{{job}} / {{profile}}',
  tagKeys: 'job,profile',
  useValueForTime: true,
});

export const annotations = [
  mark('Run started', 'run_started_timestamp_seconds', COLOUR.calm, 'Run started'),
  mark('Run completed', 'run_completed_timestamp_seconds', COLOUR.good, 'Run completed'),
  mark('Run failed', 'run_failed_timestamp_seconds', COLOUR.bad, 'Run failed'),
];
