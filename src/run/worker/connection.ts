/** Settings to a connection, with errors people can act on. Only flags and environment choose a service, never an ambient file. */

import { UserError } from '../../model/errors.ts';

import type { NativeConnection, NativeConnectionOptions } from '@temporalio/worker';

export type ServiceChoice = {
  /** `host:port` of a Temporal service; undefined: the embedded engine. */
  readonly address?: string;
  /** A profile of the Temporal client configuration. */
  readonly profile?: string;
  readonly namespace?: string;
};

export type Service = {
  readonly address: string;
  readonly namespace: string;
  readonly options: NativeConnectionOptions;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** The service that flags and environment name, or undefined for the embedded engine. @throws UserError BAD_USAGE */
export async function serviceOf(
  choice: ServiceChoice,
  env: Environment,
): Promise<Service | undefined> {
  const address = choice.address ?? env['TEMPORAL_ADDRESS'];
  if (choice.profile === undefined && (address === undefined || address === '')) return undefined;
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter(([name]) => name.startsWith('TEMPORAL_')),
  ) as Record<string, string>;
  try {
    const config = loadClientConnectConfig({
      ...(choice.profile === undefined ? { disableFile: true } : { profile: choice.profile }),
      overrideEnvVars,
    });
    const resolved = address ?? config.connectionOptions.address ?? 'localhost:7233';
    if (!/^[^\s:]+:\d+$|^\[[^\]]+\]:\d+$/.test(resolved)) {
      throw new UserError('BAD_USAGE', `'${resolved}' is not an address; it is host:port`, {
        hint: 'For example --temporal-address localhost:7233',
      });
    }
    return {
      address: resolved,
      namespace: choice.namespace ?? config.namespace ?? 'default',
      options: { ...config.connectionOptions, address: resolved },
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      'BAD_USAGE',
      `the Temporal client configuration cannot be used: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

const HINTS = Object.freeze({
  service: 'Start it, or leave --temporal-address out to use the embedded engine.',
  embedded: 'The embedded engine ended just now; give the same command again.',
});

/** A connection for workers and clients. @throws UserError ENGINE_UNREACHABLE (exit 3) */
export async function connect(
  options: NativeConnectionOptions,
  kind: keyof typeof HINTS = 'service',
): Promise<NativeConnection> {
  const worker = await import('@temporalio/worker');
  try {
    return await worker.NativeConnection.connect(options);
  } catch (error) {
    throw new UserError(
      'ENGINE_UNREACHABLE',
      `cannot reach Temporal at ${options.address ?? 'localhost:7233'} (${reasonOf(error)})`,
      {
        exitCode: 3,
        hint: HINTS[kind],
        cause: error,
      },
    );
  }
}

function reasonOf(error: unknown): string {
  const text =
    error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error);
  if (/refused/i.test(text)) return 'connection refused';
  if (/dns|lookup|resolve/i.test(text)) return 'the host name is not known';
  if (/timed? ?out|deadline/i.test(text)) return 'no answer in time';
  if (/certificate|tls|ssl/i.test(text)) return 'the TLS handshake failed';
  return text.trim().split('\n')[0] ?? 'unknown reason';
}
