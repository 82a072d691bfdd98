/** A promtool case in short: some series, and for which of them an alert fires at which times. Pure. */

export type Case = {
  readonly alert: string;
  /** What is true when it passes. */
  readonly claim: string;
  /** Time between samples and between evaluations; default 1m. */
  readonly every?: string;
  /** Values of each series in promtool's notation, by its selector. */
  readonly series: Readonly<Record<string, string>>;
  /** The label that tells the alerts of this case apart; default `step`. */
  readonly by?: string;
  /** Values of that label whose alert fires, by time. */
  readonly firing: Readonly<Record<string, readonly string[]>>;
};

/** Labels of a series; what is left out is the usual job `j`, profile `p` and instance `a`. */
type Labels = Readonly<Record<string, string>>;

/** A series of a step: `step('failed_timestamp_seconds', 'load')`. */
export function step(metric: string, id: string, labels: Labels = {}): string {
  return selector(`pipeline_step_${metric}`, { ...RUN, step: id, ...labels });
}

/** A setting of a step's profile. */
export function setting(metric: string, id: string, labels: Labels = {}): string {
  return selector(`pipeline_profile_${metric}`, { ...RUN, step: id, ...labels });
}

/** A series of a pipeline's runs. */
export function run(metric: string, job: string, labels: Labels = {}): string {
  return selector(`pipeline_${metric}`, { ...RUN, job, ...labels });
}

/** A series of a process. */
export function target(metric: string, instance: string, labels: Labels = {}): string {
  return selector(metric, { job: 'builder', instance, ...labels });
}

const RUN = { job: 'j', profile: 'p', instance: 'a' };

function selector(name: string, labels: Labels): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${parts.join(',')}}`;
}

/** What promtool reads: a test a case, those with the same time between samples in one file. */
export function testFiles(cases: readonly Case[], ruleFile: string): readonly object[] {
  return [...new Set(cases.map(everyOf))].map((interval) => ({
    rule_files: [ruleFile],
    evaluation_interval: interval,
    tests: cases
      .filter((one) => everyOf(one) === interval)
      .map(({ alert, claim, series, by = 'step', firing }) => ({
        name: `${alert}: ${claim}`,
        interval,
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: Object.entries(firing).map(([time, values]) => ({
          expr: `count by (${by}) (ALERTS{alertname="${alert}",alertstate="firing"})`,
          eval_time: time,
          exp_samples: values.map((value) => ({ labels: `{${by}="${value}"}`, value: 1 })),
        })),
      })),
  }));
}

const everyOf = ({ every = '1m' }: Case): string => every;
