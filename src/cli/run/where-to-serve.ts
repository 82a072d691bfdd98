/** Settings to the place where metrics are served. */

import { readVersions } from './versions.ts';

import type { MetricsOptions } from '../../metrics/open-metrics.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';

/** Port, address, who may read, and the versions told there. @throws UserError BAD_USAGE for a bad web configuration */
export async function whereToServe(
  settings: Settings,
  io: Io,
): Promise<Pick<MetricsOptions, 'port' | 'address' | 'web' | 'versions' | 'warn'>> {
  const { webConfig } = settings;
  return {
    port: settings.prometheusPort,
    address: settings.prometheusAddress,
    ...(webConfig === undefined
      ? {}
      : { web: await (await import('../../metrics/web-config.ts')).readWebConfig(webConfig) }),
    versions: readVersions(),
    warn: (line) => io.say(line),
  };
}
