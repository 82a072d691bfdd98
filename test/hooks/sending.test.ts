import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { bodyIn } from '../../src/hooks/formats.ts';
import { hookMessage } from '../../src/model/hook-message.ts';
import { until } from '../harness/cli.ts';
import { withReceiver } from '../harness/receiver.ts';
import { dueOf, httpHook, RUN, withSender } from './fixtures.ts';

import type { Hook, HttpHook } from '../../src/model/hook.ts';

const MESSAGE = hookMessage(RUN, 'failure', 'k');
const SECRET = 'nobody-else-knows-this';

function withContent(url: string, more: Partial<HttpHook>): Hook {
  return httpHook(url, {
    http: { url, method: 'POST', headers: {}, content: { format: 'json' }, ...more },
  });
}

test('the document of plain JSON is the message', () => {
  expect(bodyIn('json', MESSAGE)).toEqual(MESSAGE);
  expect(MESSAGE.title).toBe('sales with nightly, partition 2026-01: FAIL');
  expect(hookMessage({ ...RUN, status: 'OK' }, 'recovery', 'k').title).toBe(
    'sales with nightly, partition 2026-01: is good again: OK',
  );
});

test('Slack gets one text in which nothing but the title is markup', () => {
  const text = `a <!channel> & b\n\`\`\`${'x'.repeat(9_000)}`;
  const body = bodyIn('slack', { ...MESSAGE, text }) as { text: string };
  expect(body.text).toMatch(
    /^\*sales with nightly, partition 2026-01: FAIL\*\n```\na &lt;!channel&gt; &amp; b\n'''x/,
  );
  expect(body.text.endsWith('\n```')).toBe(true);
  expect(body.text.split('```')).toHaveLength(3);
  expect(body.text.length).toBeLessThan(3_200);
});

test('Teams gets a card whose lines are plain text, below its bound', () => {
  const text = `**no** [markup](http://x.test)\n\n${'y'.repeat(20_000)}`;
  const body = bodyIn('teams', { ...MESSAGE, text, url: 'https://ui.test/1' });
  const json = JSON.stringify(body);
  expect(Buffer.byteLength(json)).toBeLessThan(28_000);
  expect(json).not.toContain('TextBlock"'.replace('Text', '{"type":"Text'));
  expect(json).toContain('"color":"Attention"');
  expect(json).toContain('{"type":"Action.OpenUrl","title":"History","url":"https://ui.test/1"}');
  expect(json).toContain('"text":"**no** [markup](http://x.test)"');
});

test('references in a body are filled as text, whatever they hold, and secrets where they may stand', () =>
  withReceiver({}, (receiver) =>
    withSender(
      async ({ sender, add }) => {
        const body = {
          summary: '${{ job.name }}: ${{ failure.message }}',
          key: '${{ secrets.TOKEN }}',
          literal: '$${{ job.name }}',
          list: [1, true, null, '${{ partition.id }}'],
        };
        const headers = {
          'X-Token': 'Bearer ${{ secrets.TOKEN }}',
          'Content-Type': 'application/cbor',
        };
        await add(
          dueOf(
            [withContent(`${receiver.url}/a?b=1`, { method: 'PUT', headers, content: { body } })],
            {
              failures: [{ message: 'he said "no"\n}' } as never],
            },
          ),
        );
        await add(
          dueOf([withContent(receiver.url, { content: { body: 'plain ${{ run.status }}' } })], {
            run_id: 'text',
          }),
        );
        await sender.flush(10_000);
        const [first, second] = [...receiver.got].sort((a, b) => b.path.length - a.path.length);
        expect([first?.method, first?.path]).toEqual(['PUT', '/a?b=1']);
        expect(first?.headers).toMatchObject({
          'x-token': `Bearer ${SECRET}`,
          'content-type': 'application/cbor',
        });
        expect(JSON.parse(first!.body)).toEqual({
          summary: 'sales: he said "no"\n}',
          key: SECRET,
          literal: '${{ job.name }}',
          list: [1, true, null, '2026-01'],
        });
        expect(second).toMatchObject({ body: 'plain FAIL' });
        expect(second?.headers['content-type']).toBe('text/plain; charset=utf-8');
      },
      { TOKEN: SECRET },
    ),
  ));

test('what is said and kept of a failure names no secret, also where the receiver repeats it', () =>
  withReceiver({ behave: () => 403 }, (receiver) =>
    withSender(
      async ({ sender, add, said, due }) => {
        const url = `${receiver.url}/\${{ secrets.TOKEN }}`;
        const command = {
          argv: ['sh', '-c', 'echo "$T is wrong" >&2; exit 1'],
          env: { T: '${{ secrets.TOKEN }}' },
          stdin: 'text' as const,
          cwd: '/tmp',
        };
        await add(
          dueOf([
            httpHook(url),
            { id: 'program', on: 'failure', timeoutMs: 9_000, command },
            httpHook('${{ secrets.GONE }}', { id: 'missing' }),
            httpHook('${{ secrets.TOKEN }}', { id: 'no address' }),
          ]),
        );
        await sender.flush(5_000);
        await until(() => said.length === 4, 'all were tried');
        expect(receiver.got[0]?.path).toBe(`/${SECRET}`);
        expect([...said].sort()).toEqual([
          expect.stringMatching(/on_failure 1 of run sales-1: the receiver answered 403/),
          expect.stringMatching(/there is no secret 'GONE' here; set BUILDER_SECRET_GONE/),
          expect.stringMatching(/no address of run sales-1: what its url stands for is no address/),
          expect.stringMatching(
            /program of run sales-1: sh ended with exit code 1: \*\*\* is wrong/,
          ),
        ]);
        const kept = await readFile(due.leaseOf('../due/sales-1.1.json'), 'utf8');
        expect(kept + said.join('\n')).not.toContain(SECRET);
      },
      { TOKEN: SECRET },
    ),
  ));

test('a program that hangs is ended in time, with what it has started', () =>
  withSender(async ({ sender, add, stateDir, said }) => {
    const script =
      'sleep 600 & echo $! > pid; trap "" TERM; cat > message; while true; do sleep 1; done';
    const command = { argv: ['sh', '-c', script], env: {}, stdin: 'json' as const, cwd: stateDir };
    await add(dueOf([{ id: 'slow', on: 'failure', timeoutMs: 1_000, command }]));
    await sender.flush(30_000);
    await until(() => said.length === 1, 'it was ended');
    expect(said[0]).toMatch(/slow of run sales-1: it did not end in time/);
    expect(JSON.parse(await readFile(join(stateDir, 'message'), 'utf8'))).toMatchObject({
      run_id: 'sales-1',
    });
    const pid = (await readFile(join(stateDir, 'pid'), 'utf8')).trim();
    await until(async () => !(await isAlive(pid)), 'what it started is gone, too');
  }));

test('a program that is not there is a failed try', () =>
  withSender(async ({ sender, add, said, stateDir }) => {
    const command = { argv: ['./gone.sh'], env: {}, stdin: 'json' as const, cwd: stateDir };
    await add(dueOf([{ id: 'gone', on: 'failure', timeoutMs: 5_000, command }]));
    await sender.flush(5_000);
    await until(() => said.length === 1, 'it was tried');
    expect(said[0]).toMatch(/\.\/gone\.sh ended with exit code 127/);
  }));

/** False for a zombie, too. */
async function isAlive(pid: string): Promise<boolean> {
  const there = await access(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
  if (!there) return false;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) [ZX]/.test(stat);
}
