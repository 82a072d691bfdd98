/** Where a project's metrics are served, from what was chosen. */

import { DEFAULTS } from './project-options.ts';
import { readVersions } from './versions.ts';

import type { MetricsOptions } from '../metrics/open-metrics.ts';
import type { MetricsChoice } from './project-options.ts';

/** Port, address, who may read, and the versions told there. @throws UserError BAD_USAGE for a bad web configuration */
export async function whereToServe(
  choice: MetricsChoice | undefined,
  warn: (line: string) => void,
): Promise<Pick<MetricsOptions, 'port' | 'address' | 'web' | 'versions' | 'warn'>> {
  const webConfig = choice?.webConfig;
  return {
    port: choice?.port ?? 0,
    address: choice?.address ?? DEFAULTS.metricsAddress,
    ...(webConfig === undefined
      ? {}
      : { web: await (await import('../metrics/web-config.ts')).readWebConfig(webConfig) }),
    versions: readVersions(),
    warn,
  };
}

/** Serves metrics while something lives that runs no steps. @throws UserError PORT_IN_USE */
export async function serveMetricsWhile<T>(
  choice: MetricsChoice,
  warn: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  if (choice.port === 0) return work();
  const { serveWhile } = await import('../metrics/serve-while.ts');
  return serveWhile(await whereToServe(choice, warn), work);
}
