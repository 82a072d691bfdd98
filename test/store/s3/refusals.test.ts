import { expect, test } from '@jest/globals';

import { openAwsObjects } from '../../../src/store/s3/aws-objects.ts';
import { openS3StoreToRead } from '../../../src/store/s3/open-s3-store.ts';
import { makePatience } from '../../../src/store/s3/patience.ts';
import { explainS3 } from '../../../src/store/s3/s3-failure.ts';
import { parseS3Place } from '../../../src/store/s3/s3-place.ts';
import { withFolder } from '../fixtures.ts';
import { withCloud } from './fixtures.ts';

import type { Fault } from '../../harness/s3-server.ts';

test.each<[string, Fault, string, string]>([
  ['a wrong secret', { refuse: 403, code: 'SignatureDoesNotMatch' }, 'STORE_REFUSED', 'access key'],
  ['no permission', { refuse: 403, code: 'AccessDenied' }, 'STORE_REFUSED', 'docs/s3-store.md'],
  ['a session that is over', { refuse: 400, code: 'ExpiredToken' }, 'STORE_REFUSED', 'Sign in'],
  ['another region', { refuse: 301, code: 'PermanentRedirect' }, 'STORE_REFUSED', '?region='],
  [
    'an overload that does not end',
    { refuse: 503, code: 'SlowDown' },
    'STORE_UNREACHABLE',
    'intact',
  ],
  ['a dead connection', 'lose-request', 'STORE_UNREACHABLE', 'intact'],
  ['a full disk', { refuse: 507, code: 'NoSpaceLeftOnDevice' }, 'OUT_OF_SPACE', 'Free some space'],
  ['a quota', { refuse: 403, code: 'QuotaExceeded' }, 'OUT_OF_SPACE', 'Free some space'],
  [
    'conditions it does not know',
    { refuse: 501, code: 'NotImplemented' },
    'STORE_UNFIT',
    'If-None-Match',
  ],
])('%s is said in clear words', (_, fault, code, hint) =>
  withCloud(async ({ server, open }) => {
    server.fault = () => fault;
    await expect(open({ patienceMs: 100 })).rejects.toMatchObject({
      code,
      hint: expect.stringContaining(hint),
    });
  }),
);

test('a service that writes what it was asked not to is refused', () =>
  withCloud(async ({ server, open }) => {
    server.isHonest = false;
    await expect(open()).rejects.toMatchObject({ code: 'STORE_UNFIT' });
    server.isHonest = true;
    await open();
  }));

test('a service that says nothing is given up after a while', () =>
  withCloud(async ({ server, open }) => {
    let say: () => void = () => undefined;
    server.fault = () => ({ wait: new Promise<void>((resolve) => (say = resolve)) });
    await expect(open({ silenceMs: 100, patienceMs: 0 })).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    });
    say();
  }));

test('a region that nobody names is asked for', async () => {
  const before = { ...process.env };
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) delete process.env[name];
  process.env['AWS_CONFIG_FILE'] = '/nowhere';
  try {
    const objects = openAwsObjects(parseS3Place('s3://team-data/x'), { patienceMs: () => 0 });
    await expect(objects.read('x')).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      hint: expect.stringContaining('?region='),
    });
  } finally {
    process.env = before;
  }
});

test('a bucket that does not exist is named', () =>
  withCloud(async ({ server }) => {
    const place = parseS3Place(`s3://typo/pre?endpoint=${server.endpoint}`);
    const objects = openAwsObjects(place, { patienceMs: () => 100 });
    await expect(objects.read('x')).rejects.toMatchObject({
      code: 'STORE_NOT_FOUND',
      message: expect.stringContaining("'typo'"),
    });
  }));

test('who only looks makes no store', () =>
  withCloud(async ({ server }) =>
    withFolder(async (stateDir) => {
      const address = `s3://builder/none?endpoint=${server.endpoint}`;
      expect(await openS3StoreToRead({ address, stateDir })).toBeUndefined();
      expect(server.objects.size).toBe(0);
    }),
  ));

test.each([
  [true, 'done'],
  [false, 'STORE_REFUSED'],
])(
  'credentials that are missing for a moment end nothing once the store was open',
  async (isOpen, end) => {
    let tries = 0;
    const patiently = makePatience(parseS3Place('s3://bucket/pre'), () => 10_000, {
      isAnswer: () => false,
      wasOpen: () => isOpen,
    });
    const asked = patiently(async () => {
      if ((tries += 1) === 1)
        throw Object.assign(new Error('no'), { name: 'CredentialsProviderError' });
      return 'done';
    });
    expect(await asked.catch(({ code }: { code: string }) => code)).toBe(end);
  },
);

test('a clock that is wrong is told as that', () => {
  const error = Object.assign(new Error(''), {
    name: 'RequestTimeTooSkewed',
    $metadata: { httpStatusCode: 403 },
  });
  expect(String(explainS3(error, parseS3Place('s3://bucket/pre')))).toContain(
    'clock of this machine',
  );
});
