// The field ts: which instants exist, how they may be written, and that nothing else is taken for one.
import { after, describe } from 'node:test';
import { fits, misfits, NOT_STRINGS } from './support/issues.ts';
import { startService } from './support/service.ts';

const service = await startService({ after });

describe('ts: YYYY-MM-DDTHH:MM:SS, optionally a fraction of 1 to 9 digits, then Z', () => {
  const good = [
    '2025-01-15T10:00:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '9999-12-31T23:59:59.999999999Z',
    '2024-02-29T00:00:00Z',
    '2000-02-29T00:00:00Z',
    '2025-12-31T23:59:59Z',
    ...[
      '5',
      '50',
      '500',
      '0',
      '000000000',
      '1234',
      '12345',
      '123456',
      '1234567',
      '12345678',
      '123456789',
    ].map((fraction) => `2025-01-15T10:00:00.${fraction}Z`),
  ];
  for (const value of good) fits(service, 'ts', value);

  const noSuchDate = [
    '2025-02-30',
    '2025-02-29',
    '2025-02-31',
    '1900-02-29',
    '2100-02-29',
    '2025-04-31',
    '2025-06-31',
    '2025-09-31',
    '2025-11-31',
    '2025-01-32',
    '2025-00-10',
    '2025-13-01',
    '2025-01-00',
    '0000-01-01',
  ];
  for (const date of noSuchDate)
    misfits(
      service,
      'ts',
      `${date}T10:00:00Z`,
      ['datetime_parsing'],
      `${date}, which does not exist`,
    );
  const noSuchTime = [
    '24:00:00',
    '25:00:00',
    '10:60:00',
    '10:00:60',
    '23:59:60',
    '10:00:61',
    '99:99:99',
  ];
  for (const time of noSuchTime)
    misfits(
      service,
      'ts',
      `2025-06-30T${time}Z`,
      ['datetime_parsing'],
      `${time}, which does not exist`,
    );

  const bad = [
    'now',
    'abc',
    '2025-01-15',
    '2025-01-15T10:00:00',
    '2025-01-15T10:00Z',
    '2025-01-15T10Z',
    '2025-01-15 10:00:00Z',
    '2025-01-15t10:00:00Z',
    '2025-01-15T10:00:00z',
    '2025-01-15T10:00:00+00:00',
    '2025-01-15T10:00:00Z+00:00',
    '2025-01-15T10:00:00.Z',
    '2025-01-15T10:00:00.1234567890Z',
    '2025-01-15T10:00:00,5Z',
    '2025-01-15T10:00:00.5.5Z',
    '2025-01-15T10:00:00.-5Z',
    ' 2025-01-15T10:00:00Z',
    '2025-01-15T10:00:00Z ',
    '2025-01-15T10:00:00Z\n',
    '\n2025-01-15T10:00:00Z',
    '2025-01-15T10:00:00\u0000Z',
    '2025-01-15T10:00:00ZZ',
    '25-01-15T10:00:00Z',
    '12025-01-15T10:00:00Z',
    '+002025-01-15T10:00:00Z',
    '-001-01-15T10:00:00Z',
    '2025-1-15T10:00:00Z',
    '2025-01-5T10:00:00Z',
    '2025-01-15T1:00:00Z',
    '20250115T100000Z',
    '2025-W03-3T10:00:00Z',
    '2025-015T10:00:00Z',
    '2025/01/15T10:00:00Z',
    '٢٠٢٥-01-15T10:00:00Z',
    '２０２５-01-15T10:00:00Z',
    '2025-01-15T10:00:00.٥Z',
    '1736935200',
  ];
  for (const value of bad) misfits(service, 'ts', value, ['datetime_parsing']);
  misfits(service, 'ts', '', ['datetime_parsing', 'string_too_short']);
  misfits(service, 'ts', undefined, ['missing'], 'absent');
  for (const value of [...NOT_STRINGS, 1736935200]) misfits(service, 'ts', value, ['string_type']);
});
