/** The output that the README shows is what the command prints, but for what differs from run to run. */

import { expect, test } from '@jest/globals';

import { freePort, ROOT, withProject } from '../harness/cli.ts';
import { readDocument } from './documents.ts';

const BLOCK =
  /<!-- terminal output: begin [^>]*-->\s+```\n([\s\S]*?)```\s+<!-- terminal output: end -->/;
const COMMAND =
  /\.\/builder_cli (run-profile --job \S+ --out \S+ --profile standard --prometheus-port )\d+/;

/** What stays of the lines when names, times, places and the order of equals are taken out. */
function form(text: string): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('  slowest'))
    .map((line) =>
      line
        .replaceAll(/airports-\d{8}-\d{6}-\w{4}/g, '<run>')
        .replaceAll(/\d+\.\d+\.\d+\.\d+:\d+/g, '<address>')
        .replaceAll(/ +[\d.]+(ms|s)\b/g, ' <time>')
        .replaceAll(/(\/[\w.-]+)+\/\.builder/g, '<state>'),
    );
}

test('the README shows what run-profile prints', () =>
  withProject({}, async (project) => {
    const readme = await readDocument('README.md');
    const shown = BLOCK.exec(readme)?.[1] ?? '';
    const words = (COMMAND.exec(readme)?.[1] ?? '').trim().split(' ');
    const port = String(await freePort());
    // The example's files belong to this clone; its state and its delivery must not.
    const job = words.map((word) => (word === 'jobs/standard.yaml' ? `${ROOT}/${word}` : word));
    const state = ['--state-dir', project.path('.builder'), '--linger', '0'];
    const { code, stderr } = await project.run([...job, port, ...state]);
    expect(code).toBe(0);
    const [head = '', tail = ''] = shown.split('  ...\n');
    const printed = form(stderr);
    const first = form(head);
    expect(printed.slice(0, first.length)).toEqual(first);
    const last = form(tail.replace(/^\n/, ''));
    const end = printed.slice(-last.length).map((line) => line.replace(/ --state-dir \S+/, ''));
    expect(end).toEqual(last);
  }));
