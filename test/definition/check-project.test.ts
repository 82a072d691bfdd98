import { expect, test } from '@jest/globals';

import { checkProject } from '../../src/definition/check-project.ts';
import { problemLine } from '../../src/definition/render-problems.ts';

function linesOf(text: string): readonly string[] {
  return checkProject({ path: 'builder.yaml', text }).problems.map(problemLine);
}

test('a project says where its jobs lie, what it keeps and who is told', () => {
  const text = `jobs: [jobs/*.yaml]
profiles: [shared]
store: /srv/store
state_dir: var/state
retention: { older_than: 30d, keep_runs: 20, max_size: 20GB }
hooks:
  on_failure:
    - http: { url: '\${{ secrets.SLACK }}', format: slack }
    - command: [./tell.sh, '\${{ run.id }}']
      env: { TOKEN: '\${{ secrets.TOKEN }}' }
`;
  const { value, problems } = checkProject({ path: 'builder.yaml', text });
  expect(problems).toEqual([]);
  expect(value).toMatchObject({ jobs: ['jobs/*.yaml'], retention: { keep_runs: 20 } });
});

test.each(['', '\n', '# marks the root\n', '   \n# and nothing else'])(
  'an empty file marks the root of a project and says nothing: %j',
  (text) => {
    expect(checkProject({ path: 'builder.yaml', text })).toMatchObject({ value: {}, problems: [] });
  },
);

test('every mistake is told in one pass, in the order of the file', () => {
  const text = `jobs: jobs/*.yaml
profile: [shared]
kinds: [mine]
retention: { older_than: 30, keep: 2, max_size: huge }
store: '\${{ params.x }}'
hooks:
  on_fail: []
connections: {}
limits: { shop_db: 0, Shop: 2 }
`;
  expect(linesOf(text)).toEqual([
    "builder.yaml:1:7: WRONG_TYPE: jobs: found 'jobs/*.yaml'; expected a list. Write ['jobs/*.yaml'].",
    expect.stringMatching(
      /^builder.yaml:2:1: UNKNOWN_KEY: unknown key 'profile'; .*Did you mean 'profiles'\?$/,
    ),
    expect.stringMatching(
      /^builder.yaml:3:1: UNKNOWN_KEY: the key 'kinds' comes with a later version/,
    ),
    expect.stringMatching(/^builder.yaml:4:26: .*retention.older_than: .*Write 30s for seconds/),
    expect.stringMatching(/^builder.yaml:4:30: UNKNOWN_KEY: unknown key 'keep' in retention/),
    expect.stringMatching(/^builder.yaml:4:49: BAD_VALUE: retention.max_size: not a size/),
    expect.stringMatching(/^builder.yaml:5:9: BAD_REFERENCE: no reference can stand here/),
    expect.stringMatching(
      /^builder.yaml:7:3: UNKNOWN_KEY: unknown key 'on_fail' in hooks; .*on_failure/,
    ),
    expect.stringMatching(
      /^builder.yaml:8:1: UNKNOWN_KEY: the key 'connections' comes with a later version/,
    ),
    expect.stringMatching(/^builder.yaml:9:20: BAD_VALUE: limits.shop_db: /),
    expect.stringMatching(/^builder.yaml:9:23: BAD_VALUE: 'Shop' .*; expected the name of a limit/),
  ]);
});

test.each([
  ["http: { url: 'example.com/x' }", /'example.com\/x' is no address/],
  ["http: { url: 'https://me:pw@example.com' }", /no user and password/],
  ["http: { url: 'https://x.test', format: slak }", /Did you mean 'slack'\?/],
  ["http: { url: 'https://x.test', format: slack, body: hello }", /exclude each other/],
  ['name: both', /exactly one of 'http' and 'command'/],
  ["http: { url: 'https://x.test' }\n      env: { A: b }", /belong to a command/],
  ["http: { url: 'https://x.test', headers: { 'a b': c } }", /the name of a header/],
  ["command: [tell, '${{ secrets.X }}']", /SECRET_NOT_ALLOWED: a secret cannot stand here/],
  ["command: [tell, '${{ run.idd }}']", /Did you mean 'run.id'\?/],
  ["http: { url: 'https://x.test/${{ run.id }}' }", /unknown reference 'run.id'/],
  ["http: { url: '${{ secrets.X' }", /BAD_REFERENCE: a '\$\{\{' has no '\}\}'/],
  ["http: { url: '${{ secrets.X }}' }\n      timeout: 5m", /out of range; expected 100ms to 1m/],
])('a hook that cannot be sent is refused where it stands: %s', (hook, why) => {
  const lines = linesOf(`hooks:\n  on_failure:\n    - ${hook}\n`);
  expect(lines).toEqual([expect.stringMatching(why)]);
});
