/** Orders given to the engine of a project as its own commands give them: signed and encrypted with the state folder's key. */

import { Client, Connection } from '@temporalio/client';

import { peekEngine } from '../../src/engine/engine.ts';
import { findOrderKey } from '../../src/orders/key.ts';
import { tagStandingOrder } from '../../src/orders/tags.ts';
import { makePayloadCodec } from '../../src/payloads/codec.ts';
import { payloadKeysOf } from '../../src/run/worker/payload-keys.ts';
import { projectQueue } from '../../src/run/worker/queues.ts';

import type { StandingOrder } from '../../src/model/standing-order.ts';
import type { Project } from './cli.ts';

export type Orderer = {
  readonly client: Client;
  readonly taskQueue: string;
  sign(order: StandingOrder): StandingOrder;
};

/** Connects to the embedded engine that a process of the project keeps up. */
export async function withOrders(
  project: Project,
  work: (orderer: Orderer) => Promise<void>,
): Promise<void> {
  const stateDir = project.path('.builder');
  const key = findOrderKey(stateDir);
  const engine = peekEngine(stateDir);
  if (key === undefined || engine === undefined) throw new Error('no engine is up');
  const connection = await Connection.connect({ address: engine.address });
  try {
    const keys = payloadKeysOf([], { secret: key, isEmbedded: true, inClear: false });
    await work({
      // Messages of failures stay encrypted; their types are in clear.
      client: new Client({
        connection,
        dataConverter: { payloadCodecs: [makePayloadCodec(keys)] },
      }),
      taskQueue: projectQueue(undefined, key),
      sign: (order) => tagStandingOrder(key, order),
    });
  } finally {
    await connection.close();
  }
}
