/** Settings of a command line as the options of a project. */

import type { OpenOptions } from '../index.ts';
import type { MetricsChoice } from '../run/project-options.ts';
import type { Io } from './io.ts';
import type { Settings } from './settings.ts';

/** Everything but the state folder. */
export function projectOptions(settings: Settings, io: Io): Omit<OpenOptions, 'stateDir'> {
  const { store, secretsDir, sqlThreads, temporalBinary, taskQueue, cacheDir, env } = settings;
  const { payloadKeyFile, payloadKeyCommand, clearPayloads } = settings;
  return {
    cwd: io.cwd,
    env,
    engine: {
      ...settings.service,
      taskQueue,
      deliverBy: settings.deliverBy,
      cacheDir,
      clearPayloads,
      ...(payloadKeyFile === undefined ? {} : { payloadKeyFile }),
      ...(payloadKeyCommand === undefined ? {} : { payloadKeyCommand }),
      ...(temporalBinary === undefined ? {} : { binary: temporalBinary }),
    },
    metrics: metricsChoice(settings),
    ...(store === undefined ? {} : { store }),
    ...(secretsDir === undefined ? {} : { secretsDir }),
    ...(sqlThreads === undefined ? {} : { sqlThreads }),
  };
}

/** Where metrics are served, and how long they are waited for. */
export function metricsChoice(settings: Settings): MetricsChoice {
  const { webConfig, metricsFile, waitForScrape, linger } = settings;
  return {
    port: settings.prometheusPort,
    address: settings.prometheusAddress,
    ...(webConfig === undefined ? {} : { webConfig }),
    ...(metricsFile === undefined ? {} : { file: metricsFile }),
    waitForScrape,
    linger,
  };
}
