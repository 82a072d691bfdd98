/** What other tools call what stands in our files: keys and values that no edit distance finds. Pure. */

import { didYouMean } from '../model/suggest.ts';

const OURS: Readonly<Record<string, readonly string[]>> = Object.freeze({
  depends_on: ['needs'],
  dependson: ['needs'],
  depends: ['needs'],
  dependencies: ['needs'],
  after: ['needs'],
  requires: ['needs'],
  if: ['when'],
  condition: ['when'],
  type: ['uses'],
  kind: ['uses'],
  plugin: ['uses'],
  operator: ['uses'],
  options: ['with'],
  config: ['with'],
  args: ['with', 'command'],
  name: ['profile', 'job'],
  tasks: ['steps'],
  jobs: ['steps'],
  retries: ['retry'],
  attempts: ['retry'],
  ignore_errors: ['allow_failure'],
  continue_on_error: ['allow_failure'],
  cache: ['reuse'],
  matrix: ['foreach'],
  loop: ['foreach'],
  for_each: ['foreach'],
  with_items: ['foreach'],
  parallelism: ['concurrency'],
  max_parallel: ['concurrency'],
  vars: ['params'],
  variables: ['params'],
  parameters: ['params'],
  query: ['sql'],
  script: ['shell'],
  cmd: ['command'],
  run: ['command', 'uses'],
  environment: ['env'],
  path: ['from'],
  source: ['from'],
  input: ['from'],
  format: ['formats'],
  schema: ['columns'],
  dtypes: ['columns'],
  sep: ['delimiter'],
  separator: ['delimiter'],
  gt: ['above'],
  lt: ['below'],
  gte: ['at_least'],
  ge: ['at_least'],
  lte: ['at_most'],
  le: ['at_most'],
  eq: ['equals'],
  ne: ['not_equals'],
  regex: ['pattern', 'matches'],
  // values
  str: ['string'],
  text: ['string'],
  float: ['number'],
  double: ['number'],
  decimal: ['number'],
  array: ['list'],
  sql: ['transform.sql'],
  shell: ['exec.command'],
  bash: ['exec.command'],
  python: ['exec.command'],
  csv: ['collect.files'],
  abort: ['stop'],
  fail_fast: ['stop'],
  error: ['fail'],
  all_done: ['always'],
});

/** The allowed word that a word of another tool stands for, or one that is near. */
export function meantBy(word: string, allowed: readonly string[]): string | undefined {
  const plain = word.toLowerCase().replaceAll('-', '_');
  const known = Object.hasOwn(OURS, plain) ? OURS[plain] : undefined;
  const found = known?.find((each) => allowed.includes(each));
  return found === undefined ? didYouMean(word, allowed) : `Did you mean '${found}'?`;
}

/** Keys that stand in another file, and what says so. */
const ELSEWHERE = Object.freeze([
  {
    where: 'the job',
    file: 'job',
    keys: ['params', 'inputs', 'partition', 'schedule', 'hooks', 'budgets'],
  },
  {
    where: 'the profile',
    file: 'steps',
    keys: ['steps', 'defaults', 'concurrency', 'expected_every', 'takes', 'gives'],
  },
  { where: 'builder.yaml', file: 'jobs', keys: ['limits', 'retention', 'state_dir', 'store'] },
]);

/** Where a key belongs that is known in another file than one with these keys. */
export function belongs(key: string, allowed: readonly string[]): string | undefined {
  const isWhole = ELSEWHERE.some(({ file }) => allowed.includes(file));
  const found = ELSEWHERE.find(({ keys }) => keys.includes(key));
  if (!isWhole || found === undefined) return undefined;
  const given = key === 'params' && allowed.includes('takes');
  const more = given ? '; a step that is a profile is given them under `with.params`' : '';
  return `'${key}' stands in ${found.where}${more}.`;
}
