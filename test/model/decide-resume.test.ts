import { expect, test } from '@jest/globals';

import { decideResume } from '../../src/model/decide-resume.ts';

import type { CurrentPlan, RecordedRun, SeenWorkflow } from '../../src/model/decide-resume.ts';

const service = { kind: 'service', address: 'temporal:7233', namespace: 'data' } as const;
const open: RecordedRun = {
  id: 'sales-1',
  state: 'open',
  status: 'RUNNING',
  owner: { state: 'dead', where: 'process 12' },
  engine: service,
  planSha256: 'p1',
  bundle: 'b1',
};
const now: CurrentPlan = {
  engine: 'service',
  address: 'temporal:7233',
  namespace: 'data',
  planSha256: 'p1',
  bundle: 'b1',
};
const healthy: SeenWorkflow = { state: 'open', taskAttempts: 1 };
const unknown = { state: 'unknown', where: 'host b', leaseEndsInMs: 41_200 } as const;

const restart = (why: string, endFirst = true) => ({ do: 'restart', endFirst, why });

test.each<[string, Partial<RecordedRun>, SeenWorkflow, Partial<CurrentPlan>, object]>([
  ['a healthy open workflow of a service is waited for', {}, healthy, {}, { do: 'attach' }],
  [
    'one that waits for a worker, too',
    {},
    { state: 'open', taskAttempts: 0 },
    {},
    { do: 'attach' },
  ],
  [
    'a workflow that completed while nobody looked is taken as it is',
    {},
    { state: 'closed', how: 'completed' },
    {},
    { do: 'attach' },
  ],
  [
    'a workflow whose task fails again and again is ended',
    {},
    { state: 'open', taskAttempts: 5 },
    {},
    restart('its workflow task has failed 4 times in a row'),
  ],
  [
    'one that others deliver under a lost lock is ended',
    { isDeliveredElsewhere: true },
    healthy,
    {},
    restart('its delivery would be made under the lock of the command that is gone'),
  ],
  [
    'one that others have delivered is taken as it is',
    { isDeliveredElsewhere: true },
    { state: 'closed', how: 'completed' },
    {},
    { do: 'attach' },
  ],
  [
    'a workflow of other code is ended',
    {},
    healthy,
    { bundle: 'b2' },
    restart('builder_cli has changed'),
  ],
  [
    'a record that does not know its code is not trusted to be the same',
    { bundle: undefined },
    healthy,
    {},
    restart('builder_cli has changed'),
  ],
  [
    'a workflow of another definition is ended',
    {},
    healthy,
    { planSha256: 'p2' },
    restart('its definition has changed'),
  ],
  [
    'a run moved to another service starts again there',
    {},
    { state: 'absent' },
    { address: 'other:7233' },
    restart('it ran on temporal:7233, namespace data', false),
  ],
  [
    'a run moved to another namespace, too',
    {},
    { state: 'absent' },
    { namespace: 'test' },
    restart('it ran on temporal:7233, namespace data', false),
  ],
  [
    'a run moved from the embedded engine to a service, too',
    { engine: { kind: 'embedded', address: '127.0.0.1:5', namespace: 'default' } },
    { state: 'absent' },
    {},
    restart('it ran on 127.0.0.1:5, namespace default', false),
  ],
  [
    'a command that died before it had an engine',
    { engine: undefined },
    { state: 'absent' },
    {},
    restart('its command ended before it had an engine', false),
  ],
  [
    'with the embedded engine an open workflow is ended',
    {},
    healthy,
    { engine: 'embedded' },
    restart('the command that served it is gone'),
  ],
  [
    'a database that was lost',
    {},
    { state: 'absent' },
    {},
    restart('its workflow is not there', false),
  ],
  ...(['failed', 'cancelled', 'terminated', 'timed out'] as const).map(
    (how): [string, object, SeenWorkflow, object, object] => [
      `a workflow that was ${how} starts again`,
      {},
      { state: 'closed', how },
      {},
      {
        do: 'restart',
        endFirst: false,
        why: `its workflow was ${{ failed: 'ended as failed', cancelled: 'cancelled', terminated: 'terminated', 'timed out': 'ended by a time limit' }[how]}`,
      },
    ],
  ),
  [
    'a failed run starts again',
    { state: 'closed', status: 'FAIL' },
    { state: 'closed', how: 'failed' },
    {},
    restart('it ended FAIL', false),
  ],
  [
    'a cancelled run whose workflow is still ending is ended first',
    { state: 'closed', status: 'CANCELLED' },
    healthy,
    {},
    restart('it ended CANCELLED'),
  ],
  [
    'a delivered run is left alone',
    { state: 'closed', status: 'WARN' },
    { state: 'absent' },
    {},
    {
      do: 'refuse',
      code: 'NOTHING_TO_RESUME',
      why: 'run sales-1 ended WARN; nothing is left to do',
    },
  ],
  [
    'a run that is going on is left alone',
    { owner: { state: 'alive', where: 'process 12' } },
    healthy,
    {},
    { do: 'refuse', code: 'OUT_BUSY', why: 'run sales-1 is going on in process 12' },
  ],
  [
    'a run whose owner cannot be seen is left alone while its lease lasts',
    { owner: unknown },
    healthy,
    {},
    {
      do: 'refuse',
      code: 'OUT_BUSY',
      why: 'run sales-1 is held by host b, which cannot be seen from here; it counts as alive for another 42 s unless it answers',
    },
  ],
  [
    'and gone on with when its lease has run out',
    { owner: { ...unknown, leaseEndsInMs: 0 } },
    healthy,
    {},
    { do: 'attach' },
  ],
  [
    'a closed run has no owner to wait for',
    { state: 'closed', status: 'FAIL', owner: { state: 'alive', where: 'process 12' } },
    { state: 'absent' },
    {},
    restart('it ended FAIL', false),
  ],
  [
    'an engine that does not answer leaves everything as it is',
    {},
    { state: 'unreachable' },
    {},
    {
      do: 'refuse',
      code: 'ENGINE_UNREACHABLE',
      why: 'what became of run sales-1 cannot be asked: its engine does not answer',
    },
  ],
])('%s', (_, record, workflow, plan, expected) => {
  expect(decideResume({ ...open, ...record }, workflow, { ...now, ...plan })).toEqual(expected);
});
