/**
 * The port of a target: a place that deliveries go to, such as a folder or the tables of a database.
 *
 * 1. A target publishes a delivery as a whole or not at all; readers see the earlier one until then.
 * 2. Whatever is killed, doing the same delivery again ends as if nothing had happened. So a kill between two targets
 *    is made good by the next command, which delivers to all of them again.
 * 3. It does not assume who calls it: any worker that reaches the place does.
 */

import type { RunSettings } from '../model/plan.ts';
import type { DeliverInput, DeliverResult } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';

export type Delivery = { readonly input: DeliverInput; readonly store: Store };

/** A delivery that is complete beside its place, and not yet to be seen there. */
export type Prepared = {
  /** Publishes it. @throws Error; the earlier delivery is then there as it was */
  commit(): Promise<DeliverResult>;
  /** Forgets it, after another target could not prepare or commit. Harmless after `commit`. */
  discard(): Promise<void>;
};

export type Recovered = 'nothing' | 'completed' | 'rolled back';

/** What of a run says where it delivers to. */
export type Place = Pick<RunSettings, 'id' | 'out' | 'outToken'>;

export type DeliveryTarget = {
  /** What it is, for messages, such as `folder`. */
  readonly kind: string;
  /** Where this run delivers to, for messages; undefined if it has no such target. */
  placeOf(run: Partial<Place>): string | undefined;
  /** True if this process can see the place as the command that ordered the delivery does. */
  reaches(run: Place): Promise<boolean>;
  /** Brings a delivery to where only `commit` is missing. All that can fail should fail here. */
  prepare(delivery: Delivery): Promise<Prepared>;
  /** Finishes, or forgets, what was cut off at a place; leaves alone what somebody else may be at. */
  recover(place: string): Promise<Recovered>;
};
