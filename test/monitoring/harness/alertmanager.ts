/**
 * A real Alertmanager with the shipped routes and inhibitions, at the pace of tests, whose messages are kept here: the one
 * named by BUILDER_ALERTMANAGER_BINARY, one on PATH, or Debian's, which is fetched without installing it.
 */

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { parse, stringify } from 'yaml';

import { freePort, ROOT } from '../../harness/cli.ts';
import { fromPackage } from '../debian-package.ts';
import { answersAt, withServer } from './server.ts';

import type { AddressInfo } from 'node:net';

type Labels = Readonly<Record<string, string>>;

/** What somebody is sent: the alerts of one group that changed together. */
export type Message = {
  readonly group: Labels;
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Labels;
    readonly annotations: Labels;
  }[];
};

export type Alertmanager = {
  readonly url: string;
  /** Every message so far, oldest first. */
  readonly messages: readonly Message[];
};

export type Options = {
  readonly groupWait: string;
  readonly groupInterval: string;
  /** Changes the text of the shipped file, as somebody who sets it up does. */
  readonly edit?: (shipped: string) => string;
};

/** The shipped folder. */
export const SHIPPED = join(ROOT, 'monitoring/alertmanager');
const PACKAGE = 'prometheus-alertmanager';
/** Where Debian's build looks for the templates of its messages, which the original holds inside. */
const TEMPLATES = '/usr/share/prometheus/alertmanager';

/** Hands an Alertmanager to `work` and ends it afterwards. */
export async function withAlertmanager<T>(
  options: Options,
  work: (alertmanager: Alertmanager) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'alertmanager-'));
  const messages: Message[] = [];
  const receiver = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      const { groupLabels, alerts } = JSON.parse(text) as Pick<Message, 'alerts'> & {
        readonly groupLabels: Labels;
      };
      messages.push({ group: groupLabels, alerts });
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const port = await freePort();
  const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  await copyFile(join(SHIPPED, 'message.tmpl'), join(folder, 'message.tmpl'));
  await writeFile(join(folder, 'alertmanager.yml'), await configOf(options, hook));
  const url = `http://127.0.0.1:${port}`;
  try {
    return await withServer(
      {
        title: 'Alertmanager',
        command: [
          ...(await command()),
          '--config.file=alertmanager.yml',
          '--storage.path=data',
          `--web.listen-address=127.0.0.1:${port}`,
          '--cluster.listen-address=',
          '--log.level=warn',
        ],
        cwd: folder,
        isReady: answersAt(`${url}/-/ready`),
      },
      () => work({ url, messages }),
    );
  } finally {
    receiver.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The shipped file, sending to a receiver of ours what would go to somebody, at the pace of tests. */
async function configOf(
  { groupWait, groupInterval, edit = (text) => text }: Options,
  hook: string,
): Promise<string> {
  const shipped = parse(edit(await readFile(join(SHIPPED, 'alertmanager.yml'), 'utf8')));
  return stringify({
    ...shipped,
    route: {
      ...shipped.route,
      receiver: 'test',
      group_wait: groupWait,
      group_interval: groupInterval,
    },
    receivers: [
      ...shipped.receivers,
      { name: 'test', webhook_configs: [{ url: hook, send_resolved: true }] },
    ],
  });
}

/** The words that start it. */
async function command(): Promise<readonly string[]> {
  const { env } = process;
  const named = env['BUILDER_ALERTMANAGER_BINARY'];
  if (named) return [named];
  const folders = (env['PATH'] ?? '').split(delimiter);
  const onPath = ['alertmanager', PACKAGE]
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find(existsSync);
  if (onPath !== undefined) return [onPath];
  const cache = join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'builder_cli');
  const fetched = join(cache, PACKAGE);
  if (!existsSync(fetched)) {
    const desk = `${fetched}-${process.pid}`;
    await mkdir(desk, { recursive: true });
    await fromPackage(PACKAGE, {
      [`usr/bin/${PACKAGE}`]: join(desk, PACKAGE),
      [TEMPLATES.slice(1)]: join(desk, 'templates'),
    });
    await rename(desk, fetched).catch(() => rm(desk, { recursive: true }));
  }
  // In a mount namespace of its own, so that nothing of this machine is changed.
  const share = TEMPLATES.slice(0, TEMPLATES.lastIndexOf('/'));
  const put = `mount -t tmpfs none /usr/share && mkdir -p ${share} && cp -r "$0/templates" ${TEMPLATES}`;
  return ['unshare', '-rm', 'sh', '-c', `${put} && exec "$0/${PACKAGE}" "$@"`, fetched];
}
