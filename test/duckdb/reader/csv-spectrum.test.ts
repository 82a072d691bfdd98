import { expect, test } from '@jest/globals';

import { collectFiles } from '../../../src/kinds/collect-files.ts';
import { withAttempt } from '../../kinds/harness.ts';

/**
 * `location_coordinates.csv` of csv-spectrum (MIT): quotes inside unquoted fields. Its JSON names another phone number than
 * the CSV holds (1234567890), so the number here is that of the CSV; all else is as the JSON has it.
 */
const CSV =
  'Contact Phone Number,Location Coordinates,Cities,Counties\n2095257564,37\ufffd36\'37.8"N 121\ufffd2\'17.9"W,Modesto,Stanislaus';
const ROW = {
  'Contact Phone Number': '2095257564',
  'Location Coordinates': '37\ufffd36\'37.8"N 121\ufffd2\'17.9"W',
  Cities: 'Modesto',
  Counties: 'Stanislaus',
};

test('quotes within unquoted fields are letters, and a last line needs no end', async () => {
  await withAttempt({ files: { 'a.csv': CSV } }, async ({ path, run, rows }) => {
    const { outputs } = await run(collectFiles, { from: path('a.csv') });
    expect(await rows(outputs?.['table'], 'select * from t')).toEqual([ROW]);
  });
});
