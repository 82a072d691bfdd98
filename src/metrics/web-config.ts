/**
 * Who may read `/metrics`, and over what: a web configuration file in the form that Prometheus' own exporters take,
 * with `tls_server_config` and `basic_auth_users` (names to bcrypt hashes). Off unless a file is given.
 */

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { z } from 'zod';
import { parse } from 'yaml';

import { UserError } from '../model/errors.ts';
import { makePasswords } from './passwords.ts';

import type { ServerOptions } from 'node:https';
import type { Verdict } from './passwords.ts';

export type WebConfig = {
  /** For `https.createServer`; absent: plain HTTP. */
  readonly tls?: ServerOptions;
  /** Whether the value of an `Authorization` header from an address names a user and the password of that user. */
  readonly mayRead?: (authorization: string | undefined, address?: string) => Promise<Verdict>;
};

const VERSIONS = { TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;

const schema = z.strictObject({
  tls_server_config: z
    .strictObject({
      cert_file: z.string(),
      key_file: z.string(),
      client_ca_file: z.string().optional(),
      client_auth_type: z
        .enum(['NoClientCert', 'RequestClientCert', 'RequireAndVerifyClientCert'])
        .optional(),
      min_version: z.enum(['TLS12', 'TLS13']).default('TLS12'),
    })
    .optional(),
  basic_auth_users: z
    .record(z.string().min(1), z.string().regex(/^\$2[aby]\$\d\d\$.{53}$/, 'not a bcrypt hash'))
    .optional(),
});

/** Reads a web configuration; paths in it are relative to it. @throws UserError BAD_USAGE */
export async function readWebConfig(path: string): Promise<WebConfig> {
  try {
    const config = schema.parse(parse(await readFile(path, 'utf8')) ?? {});
    const { tls_server_config: tls, basic_auth_users: users } = config;
    const read = async (file: string): Promise<Buffer> => readFile(resolve(dirname(path), file));
    return {
      ...(tls === undefined
        ? {}
        : {
            tls: {
              cert: await read(tls.cert_file),
              key: await read(tls.key_file),
              minVersion: VERSIONS[tls.min_version],
              ...(tls.client_ca_file === undefined ? {} : { ca: await read(tls.client_ca_file) }),
              requestCert: (tls.client_auth_type ?? 'NoClientCert') !== 'NoClientCert',
              rejectUnauthorized: tls.client_auth_type === 'RequireAndVerifyClientCert',
            },
          }),
      ...(users === undefined ? {} : { mayRead: makePasswords(users) }),
    };
  } catch (error) {
    throw new UserError(
      'BAD_USAGE',
      `the web configuration ${path} cannot be used: ${reasonOf(error)}`,
      { hint: 'docs/metrics.md shows one.', cause: error },
    );
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
