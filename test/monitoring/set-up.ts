/** Runs once before the suites of this folder: a first build of Prometheus is then seen, and counts against no test. */

import { prometheusTools } from './servers.ts';

export default async function setUp(): Promise<void> {
  await prometheusTools();
}
