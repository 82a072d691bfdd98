/** The shapes of pipelines that a campaign disturbs. Every command leaves a mark of each start, end and clash of its step. */

export type Pipeline = {
  readonly name: string;
  /** Steps, in the order of the profile. */
  readonly steps: readonly string[];
  readonly profile: string;
  /** Exit code of a run that nothing disturbs. */
  readonly code: 0 | 1 | 4;
};

/** Variable that commands of a case have in their environment, and nothing else has. */
export const MARKS = 'CHAOS_MARKS';

export const INPUT = 'id,name\n1,a\n2,b\n3,c\n';
export const CHANGED_INPUT = `${INPUT}4,d\n`;

/** Everything a project of the pipeline consists of. */
export function filesOf({ profile }: Pipeline): Readonly<Record<string, string>> {
  return {
    'data.csv': INPUT,
    'jobs/j.yaml': 'job: j\ninputs:\n  data: { path: ../data.csv }\n',
    'profiles/p.yaml': profile,
  };
}

type Shape = Readonly<Record<string, string>>;

const COLLECT = "{ uses: collect.files, with: { from: '${{ inputs.data }}' } }";
const EXPORT = '{ uses: export.dataset, with: { from: count, formats: [csv, parquet] } }';
const sql = (text: string, needs: readonly string[] = []): string =>
  `{ uses: transform.sql, needs: [${needs.join(', ')}], with: { sql: '${text}' } }`;

/** A command that takes marks, does `work`, and writes a table. */
function command(id: string, work: string, needs: readonly string[] = [], more = ''): string {
  return `
    uses: exec.command
    needs: [${needs.join(', ')}]
    with:
      pass_env: [${MARKS}]
      ${more}
      outputs: { table: { path: t.csv } }
      shell: |
        m="$${MARKS}/${id}"
        other=$(cat "$m.pid" 2> /dev/null || echo none)
        case $(cut -d ' ' -f 3 "/proc/$other/stat" 2> /dev/null || true) in
          '' | Z) ;;
          *) echo "$$ $(cat "/proc/$other/stat")" >> "$m.clash" ;;
        esac
        echo $$ > "$m.pid"
        echo s >> "$m.starts"
        ${work}
        printf 'id,v\\n1,${id}\\n' > t.csv
        rm -f "$m.pid"
        echo e >> "$m.ends"`;
}

function pipeline(name: string, steps: Shape, code: Pipeline['code'] = 0): Pipeline {
  const all: Shape = {
    collect: COLLECT,
    clean: sql('select * from collect', ['collect']),
    ...steps,
    count: sql('select count(*) n, sum(id) s from clean', ['clean', ...Object.keys(steps)]),
    export: EXPORT,
  };
  const lines = Object.entries(all).map(([id, text]) => `  ${id}: ${text}`);
  const defaults =
    'defaults: { heartbeat: 2s, retry: { attempts: 4, backoff: 100ms, max_backoff: 300ms } }';
  return {
    name,
    steps: Object.keys(all),
    profile: `profile: p\n${defaults}\nsteps:\n${lines.join('\n')}\n`,
    code,
  };
}

const chain = (length: number): Shape =>
  Object.fromEntries(
    Array.from({ length }, (_, i) => [
      `c${i}`,
      command(`c${i}`, 'sleep 0.4', [i === 0 ? 'clean' : `c${i - 1}`]),
    ]),
  );

const fan = (width: number): Shape =>
  Object.fromEntries(
    Array.from({ length: width }, (_, i) => [
      `c${i}`,
      command(`c${i}`, `sleep 0.${i + 2}`, ['clean']),
    ]),
  );

export const PIPELINES: readonly [Pipeline, ...Pipeline[]] = [
  pipeline('long', chain(6)),
  pipeline('wide', fan(8)),
  pipeline('retry', {
    c0: command(
      'c0',
      'sleep 0.3; if [ ! -f "$m.tried" ]; then touch "$m.tried"; exit 9; fi; sleep 0.5',
      ['clean'],
    ),
  }),
  pipeline('warn', {
    c0: command('c0', 'sleep 0.6', ['clean']),
    c1: `{ uses: exec.command, needs: [c0], with: { shell: 'sleep 0.3; exit 7', exit_codes: { '7': warn } } }`,
  }),
  pipeline(
    'failing',
    {
      c0: command('c0', 'sleep 0.6', ['clean']),
      c1: command('c1', 'sleep 0.4; exit 126', ['clean']),
    },
    1,
  ),
  pipeline(
    'refused',
    {
      c0: command('c0', 'sleep 0.6', ['clean']),
      check: `{ uses: check.table, with: { table: clean, checks: [{ name: none, range: { column: id, min: 2 } }] } }`,
    },
    4,
  ),
  pipeline('children', {
    c0: command('c0', "(sleep 300) > /dev/null 2>&1 & sh -c 'sleep 0.7' & p=$!; wait $p", [
      'clean',
    ]),
    c1: command('c1', 'sh -c "sleep 0.5; sh -c \'sleep 0.3\'"', ['c0']),
  }),
];
