// The URL of a PostgreSQL database: what is read from it, what is refused, and that no message repeats the password.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ConfigError } from '../../app/config/config-error.ts';
import { readDatabase } from '../../app/config/database.ts';
import { describeSettings } from '../../app/config/describe.ts';
import { describeLocation, type PostgresLocation } from '../../app/model/database.ts';
import { temporaryDirectory } from '../support/cleanup.ts';

const PASSWORD = 'hunter2secret';

function read(url: string): PostgresLocation {
  const location = readDatabase({ DATABASE_URL: url });
  assert.equal(location.engine, 'postgres');
  return location;
}

describe('the URL of a PostgreSQL database', () => {
  it('has defaults for what may be left out', () => {
    assert.deepEqual(read('postgres://ann@db'), {
      engine: 'postgres',
      hosts: [{ host: 'db', port: 5432 }],
      user: 'ann',
      password: null,
      database: 'ann',
      tls: { mode: 'prefer', rootCertificate: null, certificate: null, key: null },
      applicationName: 'oncebox',
    });
  });

  it('has several hosts, addresses and sockets, and percent-encoded parts', () => {
    const { hosts, user, password, database } = read(
      'postgresql://a%40b:p%3A%2F%3F%23%25@db1,db2:6000,[::1]:7000,%2Frun%2Fpg:5433/my%20db',
    );
    assert.deepEqual(hosts, [
      { host: 'db1', port: 5432 },
      { host: 'db2', port: 6000 },
      { host: '::1', port: 7000 },
      { host: '/run/pg', port: 5433 },
    ]);
    assert.deepEqual([user, password, database], ['a@b', 'p:/?#%', 'my db']);
  });

  it('says how the connection is encrypted', () => {
    const { tls, applicationName } = read(
      'postgres://a@db/x?sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem&application_name=box%201',
    );
    assert.deepEqual(tls, {
      mode: 'verify-full',
      rootCertificate: '/ca.pem',
      certificate: '/c.pem',
      key: '/k.pem',
    });
    assert.equal(applicationName, 'box 1');
  });

  for (const [what, url] of Object.entries({
    'no user': `postgres://:${PASSWORD}@db/x`,
    'no host': `postgres://ann:${PASSWORD}@/x`,
    'an empty host': `postgres://ann:${PASSWORD}@db1,,db2/x`,
    'a port that is none': `postgres://ann:${PASSWORD}@db:0/x`,
    'a port too high': `postgres://ann:${PASSWORD}@db:65536/x`,
    'a character that must be encoded': `postgres://ann:${PASSWORD}@x@db/x`,
    'a slash in the password': `postgres://ann:${PASSWORD}/x@db/x`,
    'an encoding that is none': `postgres://ann:${PASSWORD}%zz@db/x`,
    'U+0000': `postgres://ann:${PASSWORD}%00@db/x`,
    'two databases': `postgres://ann:${PASSWORD}@db/x/y`,
    'a fragment': `postgres://ann:${PASSWORD}@db/x#y`,
    'an unknown parameter': `postgres://ann:${PASSWORD}@db/x?sslmod=require`,
    'an unknown mode': `postgres://ann:${PASSWORD}@db/x?sslmode=allow`,
    'a certificate without a key': `postgres://ann:${PASSWORD}@db/x?sslcert=/c.pem`,
  }))
    it(`is refused with ${what}, without the password`, () => {
      assert.throws(
        () => read(url),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(error.message, /^DATABASE_URL[: ]/);
          return !error.message.includes(PASSWORD);
        },
      );
    });

  it('may come from a file, but not from both', (t) => {
    const file = join(temporaryDirectory(t), 'url');
    writeFileSync(file, `postgres://ann:${PASSWORD}@db/x\n`);
    const location = readDatabase({ DATABASE_URL_FILE: file }) as PostgresLocation;
    assert.equal(location.password, PASSWORD);
    assert.throws(
      () => readDatabase({ DATABASE_URL_FILE: file, DATABASE_URL: 'sqlite:///x' }),
      ConfigError,
    );
  });

  it('is shown without the password', () => {
    const shown = (DATABASE_URL: string): string | null | undefined =>
      describeSettings({ DATABASE_URL }).find(({ name }) => name === 'DATABASE_URL')?.value;
    assert.equal(shown(`postgres://ann:${PASSWORD}@db/x`), 'postgres://ann:********@db/x');
    assert.equal(
      shown(`postgres://ann@db/x?sslmode=require&password=${PASSWORD}`),
      'postgres://ann@db/x?sslmode=require&password=********',
    );
    assert.equal(shown('postgres://ann@db/x'), 'postgres://ann@db/x');
    assert.equal(shown(`postgres://ann:${PASSWORD}@x@db/x`), '********');
    assert.equal(shown(`mysql://ann:${PASSWORD}@db`), '********');
    assert.equal(shown('sqlite:///a.db'), 'sqlite:///a.db');
    assert.equal(
      describeLocation(read(`postgres://ann:${PASSWORD}@db1,[::1]:7,%2Frun/x`)),
      'postgres://ann@db1:5432,[::1]:7,%2Frun:5432/x',
    );
  });
});
