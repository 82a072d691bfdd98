/** The receivers that alertmanager.yml has as comments: without the "# " they send what somebody can work with. */

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { until } from '../harness/cli.ts';
import { withAlertmanager } from './harness/alertmanager.ts';

import type { AddressInfo, Server } from 'node:net';

const ALERT = {
  labels: { alertname: 'PipelineStepFailing', severity: 'critical', job: 'nightly', profile: 'p' },
  annotations: {
    summary: 'Step load of nightly (p) failed',
    command: 'builder_cli logs nightly-1 --step load',
    runbook_url: 'https://docs.example.com/alerts.md#pipelinestepfailing',
    dashboard_url: 'https://grafana.example.com/d/pipeline-job?var-job=nightly',
  },
};
const TITLE = 'FIRING: nightly (p), 1 alert';
const TEXT = [
  'Step load of nightly (p) failed (critical)',
  '  builder_cli logs nightly-1 --step load',
  '  what to do: https://docs.example.com/alerts.md#pipelinestepfailing',
  '  dashboard: https://grafana.example.com/d/pipeline-job?var-job=nightly',
];

/** The shipped text with the example that begins with this comment, and the routes that lead to it. */
function uncommented(shipped: string, heading: string): string {
  const [before = '', after = ''] = shipped.split(`  # ${heading}\n`);
  const [block = '', ...others] = after.split('\n\n');
  const routes = /^ {4}# {1,3}(- matchers|receiver|repeat_interval)/gm;
  return [
    before.replaceAll(routes, (line) => line.replace('# ', '')),
    block.replaceAll(/^ {2}# /gm, '  '),
    '\n\n',
    others.join('\n\n'),
  ].join('');
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

type Trial = {
  /** First line of the example. */
  readonly heading: string;
  readonly receiver?: string;
  readonly alertname?: string;
  /** Files beside the configuration, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly edit?: (text: string) => string;
  readonly arrived: () => boolean;
};

/** Sends the alert as that example says, and waits for it. */
async function sendBy({
  heading,
  receiver = 'on-call',
  alertname = ALERT.labels.alertname,
  secrets,
  edit = (text) => text,
  arrived,
}: Trial): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'receivers-'));
  const other = receiver === 'on-call' ? 'dead-mans-switch' : 'on-call';
  const setUp = (shipped: string): string =>
    edit(uncommented(shipped, heading))
      .replaceAll('/etc/alertmanager', folder)
      .replaceAll(`receiver: ${other}`, 'receiver: none');
  try {
    for (const [name, text] of Object.entries(secrets)) await writeFile(join(folder, name), text);
    const options = { groupWait: '0s', groupInterval: '1s', edit: setUp };
    await withAlertmanager(options, async ({ url }) => {
      await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([{ ...ALERT, labels: { ...ALERT.labels, alertname } }]),
      });
      await until(arrived, `a message: ${heading}`);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Takes calls, and keeps what they say. */
async function withCalls(work: (url: string, calls: readonly string[]) => Promise<void>) {
  const calls: string[] = [];
  const server = createHttpServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      calls.push(text);
      response.end('ok');
    });
  });
  const port = await listening(server);
  try {
    await work(`http://127.0.0.1:${port}/`, calls);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Takes mails, and keeps every line that was said. */
async function withMailServer(work: (port: number, said: readonly string[]) => Promise<void>) {
  const said: string[] = [];
  const answers: Readonly<Record<string, string>> = {
    EHLO: '250-here\r\n250 AUTH PLAIN',
    AUTH: '235 yes',
    DATA: '354 go on',
    '.': '250 taken',
    QUIT: '221 bye',
    MAIL: '250 yes',
    RCPT: '250 yes',
  };
  const server = createServer((socket) => {
    // Whoever sends is killed in the end, with what it holds open.
    socket.on('error', () => undefined);
    socket.write('220 here\r\n');
    let rest = '';
    let isMail = false;
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        said.push(line);
        const word = line.split(' ')[0] ?? '';
        if (isMail && word !== '.') continue;
        isMail = word === 'DATA';
        socket.write(`${answers[word] ?? '500 what'}\r\n`);
      }
    });
  });
  const port = await listening(server);
  try {
    await work(port, said);
  } finally {
    server.close();
  }
}

test('by mail: the subject says which pipeline, the text what is wrong, what to type and where to look', () =>
  withMailServer(async (port, said) => {
    await sendBy({
      heading: 'By mail.',
      secrets: { 'mail.password': 'open-sesame' },
      // A server of a test has no certificate.
      edit: (text) =>
        text
          .replace('mail.example.com:587', `127.0.0.1:${port}`)
          .replace(/^( +)text:/m, '$1require_tls: false\n$1text:'),
      arrived: () => said.includes('.'),
    });
    const [, credentials = ''] = said.find((line) => line.startsWith('AUTH'))!.split('PLAIN ');
    expect(Buffer.from(credentials, 'base64').toString()).toContain('open-sesame');
    expect(said).toContain('RCPT TO:<you@example.com>');
    expect(said).toContain(`Subject: ${TITLE}`);
    const mail = said.join('\n').replaceAll('=\n', '').replaceAll('=3D', '=');
    expect(mail).toContain(TEXT.join('\n'));
  }));

test('by Slack: title and text say the same', () =>
  withCalls(async (url, calls) => {
    await sendBy({
      heading: 'By Slack; the file holds the address of an incoming webhook.',
      secrets: { 'slack.url': url },
      arrived: () => calls.length > 0,
    });
    const { attachments } = JSON.parse(calls[0] ?? '') as {
      attachments: { title: string; text: string }[];
    };
    expect(attachments).toHaveLength(1);
    expect(attachments[0]?.title).toBe(TITLE);
    expect(attachments[0]?.text.trim()).toBe(TEXT.join('\n'));
  }));

test('by a call, of an alert and of the watchdog', () =>
  withCalls(async (url, calls) => {
    // Debian's Alertmanager is older than `url_file`.
    const edit = (text: string): string => text.replaceAll(/ url_file: .*/g, ` url: ${url}`);
    await sendBy({
      heading: 'By anything else that takes a call.',
      secrets: {},
      edit,
      arrived: () => calls.length > 0,
    });
    expect(calls[0]).toContain(TEXT[1]!.trim());
    await sendBy({
      heading: 'Who notices that the watchdog is silent.',
      receiver: 'dead-mans-switch',
      alertname: 'PipelineWatchdog',
      secrets: {},
      edit,
      arrived: () => calls.length > 1,
    });
    expect(calls[1]).toContain('PipelineWatchdog');
  }));
