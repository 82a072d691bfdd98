/** The one place that knows which Prometheus library is used, and that it may be missing. */

import type * as Prom from 'prom-client';

export type PromClient = typeof Prom;

/** The one line that is said where metrics are wanted and the library is missing. */
export const NOT_INSTALLED =
  'metrics   off: the package prom-client is not installed (npm install prom-client)';

/** The library, or undefined where it is not installed (it is optional). `load` is the seam for tests. */
export async function loadPromClient(
  load: () => Promise<unknown> = () => import('prom-client'),
): Promise<PromClient | undefined> {
  try {
    const loaded = (await load()) as { readonly default?: PromClient } & PromClient;
    return loaded.default ?? loaded;
  } catch (error) {
    if (isNotInstalled(error)) return undefined;
    throw error;
  }
}

function isNotInstalled(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}
