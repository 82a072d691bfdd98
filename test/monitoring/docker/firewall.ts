/** What a Docker engine changes on its machine, remembered and put back: packet filter, forwarding, its bridge. */

import { readFile, writeFile } from 'node:fs/promises';

import { run } from './tool.ts';

const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
const IPTABLES = '/usr/sbin/iptables';
const TABLES = ['filter', 'nat'] as const;

/** Remembers how the machine forwards now. The answer puts that back, once the engine has stopped. */
export async function rememberForwarding(): Promise<() => Promise<void>> {
  const forwarding = await readFile(FORWARDING, 'utf8');
  const policy = (await rulesOf('filter')).find((rule) => rule.startsWith('-P FORWARD'));
  return async () => {
    for (const table of TABLES) await removeDockers(table);
    if (policy !== undefined) await run([IPTABLES, ...policy.split(' ')]);
    await run(['ip', 'link', 'delete', 'docker0']).catch(() => undefined);
    await writeFile(FORWARDING, forwarding);
  };
}

/** Docker's chains and every rule that leads into them. */
async function removeDockers(table: string): Promise<void> {
  const change = (words: readonly string[]) => run([IPTABLES, '-w', '-t', table, ...words]);
  const rules = await rulesOf(table);
  const chains = rules.filter((rule) => rule.startsWith('-N DOCKER')).map((rule) => rule.slice(3));
  // Backwards, as the last rule of a chain may be all that still needs another.
  for (const rule of rules.filter((text) => /^-A .*(DOCKER|docker0)/.test(text)).reverse()) {
    await change(['-D', ...rule.split(' ').slice(1)]);
  }
  for (const chain of chains) await change(['-F', chain]);
  for (const chain of chains) await change(['-X', chain]);
}

async function rulesOf(table: string): Promise<readonly string[]> {
  const { stdout } = await run([IPTABLES, '-w', '-t', table, '-S']);
  return stdout.trim().split('\n');
}
