/** Stores in the bucket of a small service, as several machines would open them. */

import { join } from 'node:path';

import { openAwsObjects } from '../../../src/store/s3/aws-objects.ts';
import { parseS3Place } from '../../../src/store/s3/s3-place.ts';
import { markStore, s3StoreOver } from '../../../src/store/s3/s3-store.ts';
import { BUCKET, startS3, withS3 } from '../../harness/s3-server.ts';
import { withFolder } from '../fixtures.ts';

import type { Objects } from '../../../src/store/s3/objects.ts';
import type { S3StoreOptions } from '../../../src/store/s3/s3-store.ts';
import type { Store } from '../../../src/store/store.ts';
import type { S3Server } from '../../harness/s3-server.ts';

export type Machine = Partial<Omit<S3StoreOptions, 'place'>> & {
  /** Its name; machines of one name share their copies. */
  readonly name?: string;
  /** How long it makes a request again. */
  readonly patienceMs?: number;
  readonly silenceMs?: number;
  readonly cache?: string;
};

export type Cloud = {
  readonly server: S3Server;
  readonly folder: string;
  /** Requests of the store, under its prefix. */
  objects(machine?: Machine): Objects;
  open(machine?: Machine): Promise<Store>;
};

// Loopback is answered whoever asks; the SDK wants a name all the same.
process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';

/** Gives the test an empty bucket and a folder for its machines. */
export async function withCloud<T>(work: (cloud: Cloud) => Promise<T>): Promise<T> {
  return withS3((server) =>
    withFolder(async (folder) => {
      const cloud = cloudOf(server, folder);
      const opened: Store[] = [];
      const open: Cloud['open'] = async (machine) => {
        const store = await cloud.open(machine);
        opened.push(store);
        return store;
      };
      try {
        return await work({ ...cloud, open });
      } finally {
        // What they tidy up in the background is done before their folders go.
        server.fault = () => undefined;
        await Promise.all(opened.map((store) => store.settled()));
      }
    }),
  );
}

export function cloudOf(server: S3Server, folder: string): Cloud {
  const placeOf = ({ cache = '1GB' }: Machine) =>
    parseS3Place(`s3://${BUCKET}/pre?endpoint=${server.endpoint}&cache=${cache}`);
  const objects = (machine: Machine = {}): Objects => {
    const { patienceMs = 10_000, silenceMs } = machine;
    return openAwsObjects(placeOf(machine), {
      patienceMs: () => patienceMs,
      ...(silenceMs === undefined ? {} : { silenceMs }),
    });
  };
  return {
    ...{ server, folder, objects },
    open: async (machine = {}) => {
      const place = placeOf(machine);
      const opened = objects(machine);
      await markStore(opened, place);
      const { name = 'one', ...rest } = machine;
      return s3StoreOver(opened, { cacheFolder: join(folder, name, 'cache'), ...rest, place });
    },
  };
}

/** A store of a bucket that lasts as long as the store is open, for tests over every store. */
export async function s3StoreIn(folder: string): Promise<Store> {
  const server = await startS3();
  const store = await cloudOf(server, folder).open();
  return {
    ...store,
    close: () => {
      store.close();
      void server.close();
    },
  };
}
