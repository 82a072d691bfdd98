/** The project that a served campaign disturbs: a job each month, a job each "night", a job over a list. */

import { MARKS } from '../campaign/pipelines.ts';

export type Size = {
  readonly months: number;
  readonly items: number;
  /** Seconds from one night to the next. */
  readonly night: number;
  /** Seconds from one round over the list to the next. */
  readonly round: number;
};

/** As large as somebody's project, for an hour. */
export const LARGE: Size = Object.freeze({ months: 24, items: 50, night: 20, round: 300 });
/** The same in a minute. */
export const SMALL: Size = Object.freeze({ months: 4, items: 6, night: 10, round: 20 });

export const monthsOf = ({ months }: Size): readonly string[] =>
  Array.from({ length: months }, (_, i) =>
    new Date(Date.UTC(2024, i, 1)).toISOString().slice(0, 7),
  );

export const itemsOf = ({ items }: Size): readonly string[] =>
  Array.from({ length: items }, (_, i) => `item-${String(i + 1).padStart(2, '0')}`);

/** What the dataset of a month holds. */
export const monthText = (month: string): string =>
  `month,n\n${month}-01,${Number(month.slice(5))}\n`;

/** Everything it consists of. Each step leaves its process' number while it runs. */
export function filesOf(size: Size): Readonly<Record<string, string>> {
  const [first] = monthsOf(size);
  const last = monthsOf(size).at(-1);
  const list = itemsOf(size).join(', ');
  const data = monthsOf(size).map((month) => [`data/${month}.csv`, monthText(month)]);
  return {
    'builder.yaml': 'jobs: [jobs/*.yaml]\n',
    'jobs/monthly.yaml': `job: monthly
profile: collect
partition: { by: month, start: ${first}, end: ${last} }
schedule: { every: ${size.round}s, make: missing, overlap: buffer_one, catch_up: 1h }
inputs: { data: { path: '../data/\${{ partition.id }}.csv' } }
`,
    'jobs/nightly.yaml': `job: nightly
profile: work
schedule: { every: ${size.night}s, overlap: buffer_all, catch_up: 1h }
`,
    'jobs/listed.yaml': `job: listed
profile: work
partition: { by: list, values: [${list}] }
schedule: { every: ${size.round}s, overlap: skip, catch_up: 1h }
`,
    'profiles/collect.yaml': `profile: collect
steps:
  data: { uses: collect.files, with: { from: '\${{ inputs.data }}' } }
  deliver: { uses: export.dataset, with: { from: data, formats: [csv] } }
`,
    'profiles/work.yaml': `profile: work
defaults: { heartbeat: 2s, retry: { attempts: 4, backoff: 100ms, max_backoff: 300ms } }
steps:
  work:
    uses: exec.command
    with:
      pass_env: [${MARKS}]
      outputs: { table: { path: t.csv } }
      shell: |
        echo $$ > "$${MARKS}/$$.pid"
        sleep 0.2
        printf 'n\\n1\\n' > t.csv
        rm -f "$${MARKS}/$$.pid"
  deliver: { uses: export.dataset, with: { from: work, formats: [csv] } }
`,
    ...(Object.fromEntries(data) as Record<string, string>),
  };
}
