import { expect, test } from '@jest/globals';

import { isS3, parseS3Place, shownPlace } from '../../../src/store/s3/s3-place.ts';

test('an address names bucket, prefix, endpoint, region and how much is kept here', () => {
  const text =
    's3://team-data/builder/prod/?endpoint=https://minio.local:9000&region=eu-central-1&cache=5GB';
  expect(parseS3Place(text)).toMatchObject({
    bucket: 'team-data',
    prefix: 'builder/prod/',
    endpoint: 'https://minio.local:9000',
    region: 'eu-central-1',
    cacheBytes: 5e9,
  });
  expect(shownPlace(parseS3Place(text))).toBe('s3://team-data/builder/prod');
  expect(parseS3Place('s3://team-data')).toMatchObject({ bucket: 'team-data', prefix: '' });
});

test('how much is kept here does not make it another place', () => {
  expect(parseS3Place('s3://b-1/p?cache=1GB').name).toBe(parseS3Place('s3://b-1/p/').name);
  expect(parseS3Place('s3://b-1/p').name).not.toBe(parseS3Place('s3://b-1/q').name);
});

test('a folder is no address', () => {
  expect(['/data/store', 'store', './s3', 'C:\\s3'].map(isS3)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test.each([
  's3://',
  's3:///prefix',
  's3://bucket/x?secret=1',
  's3://bucket/x?endpoint=minio:9000',
  's3://bucket/x?endpoint=https://user:secret@minio:9000',
  's3://KEY:SECRET@bucket/prefix',
  's3://bucket/x?cache=much',
])('%s is refused', (text) => {
  expect(() => parseS3Place(text)).toThrow(expect.objectContaining({ code: 'BAD_USAGE' }));
});

test.each([
  's3://KEY:SECRET@bucket/prefix',
  's3://bucket/prefix?endpoint=https://KEY:SECRET@minio:9000',
])('credentials in an address are not repeated: %s', (text) => {
  expect(() => parseS3Place(text)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('SECRET') }),
  );
});

test('what stands behind a word that it does not know is not told, and a bad prefix is said', () => {
  const messageOf = (text: string): string => {
    try {
      return JSON.stringify(parseS3Place(text));
    } catch (error) {
      return String(error);
    }
  };
  const told = messageOf('s3://b/p?secret_access_key=HUSH');
  expect(told).toContain('secret_access_key');
  expect(told).not.toContain('HUSH');
  expect(messageOf('s3://b/%zz')).toContain('stands for nothing');
});
