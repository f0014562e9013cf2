// The URL of a PostgreSQL database, as libpq reads it: several hosts, percent-encoded parts, few parameters.
import {
  type PostgresHost,
  type PostgresLocation,
  type PostgresTls,
  TLS_MODES,
} from '../model/database.ts';
import { ConfigError } from './config-error.ts';
import { decoded } from './percent-encoding.ts';

const FORM = 'postgres://USER:PASSWORD@HOST:PORT/DATABASE';
const URL_PARTS =
  /^postgres(?:ql)?:\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>[^@/?#]*))?@)?(?<hosts>[^@/?#]*)(?:\/(?<database>[^/?#]*))?(?:\?(?<query>[^#]*))?$/i;
const HOST = /^(?:\[(?<address>[0-9a-f:.%]+)\]|(?<name>[^:[\]]+))(?::(?<port>[0-9]{1,5}))?$/i;
const PORT_DEFAULT = 5_432;
const HOSTS_MAX = 16;
const PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'application_name'] as const;
type Parameter = (typeof PARAMETERS)[number];

/** Reads the URL that the setting `name` holds. Throws ConfigError, which repeats nothing of the URL but names of parameters. */
export function readPostgresUrl(name: string, url: string): PostgresLocation {
  const parts = URL_PARTS.exec(url)?.groups;
  if (parts === undefined)
    throw new ConfigError(
      `${name} is not of the form ${FORM}: characters such as @ : / ? # and % in a part of it must be percent-encoded`,
    );
  const part = (value: string | undefined): string => decoded(name, value ?? '');
  const user = part(parts['user']);
  const database = part(parts['database']);
  if (user === '') throw new ConfigError(`${name} names no user: it must be of the form ${FORM}`);
  const parameters = readParameters(name, parts['query'] ?? '');
  return {
    engine: 'postgres',
    hosts: readHosts(name, parts['hosts'] ?? ''),
    user,
    password: parts['password'] === undefined ? null : part(parts['password']),
    // As libpq has it.
    database: database === '' ? user : database,
    tls: readTls(name, parameters),
    applicationName: parameters.get('application_name') ?? 'oncebox',
  };
}

/** Returns the URL with every password masked; null where it is not of the form. */
export function maskedPostgresUrl(url: string): string | null {
  const password = URL_PARTS.exec(url)?.groups?.['password'];
  if (!URL_PARTS.test(url)) return null;
  const masked = password === undefined ? url : url.replace(`:${password}@`, ':********@');
  // No parameter that is accepted, but one that libpq has.
  return masked.replaceAll(/([?&]password=)[^&]*/gi, '$1********');
}

function readHosts(name: string, list: string): PostgresHost[] {
  const hosts = list.split(',').map((entry) => {
    const parts = HOST.exec(entry)?.groups;
    const port = Number(parts?.['port'] ?? PORT_DEFAULT);
    if (parts === undefined || port < 1 || port > 65_535)
      throw new ConfigError(
        `${name} must name a host, or several with commas between them, each with an optional port from 1 to 65535`,
      );
    return { host: parts['address'] ?? decoded(name, parts['name'] ?? ''), port };
  });
  if (hosts.length > HOSTS_MAX) throw new ConfigError(`${name} names more than ${HOSTS_MAX} hosts`);
  return hosts;
}

function readParameters(name: string, query: string): Map<Parameter, string> {
  const parameters = new Map<Parameter, string>();
  for (const pair of query.split('&').filter((each) => each !== '')) {
    const [key = '', ...value] = pair.split('=');
    const parameter = PARAMETERS.find((known) => known === key);
    if (parameter === undefined)
      throw new ConfigError(
        `${name} has the parameter ${JSON.stringify(key.slice(0, 64))}: there are ${PARAMETERS.join(', ')}`,
      );
    parameters.set(parameter, decoded(name, value.join('=')));
  }
  return parameters;
}

function readTls(name: string, parameters: ReadonlyMap<Parameter, string>): PostgresTls {
  const asked = parameters.get('sslmode') ?? 'prefer';
  const mode = TLS_MODES.find((known) => known === asked);
  if (mode === undefined)
    throw new ConfigError(`${name}: sslmode must be one of ${TLS_MODES.join(', ')}`);
  const certificate = parameters.get('sslcert') ?? null;
  const key = parameters.get('sslkey') ?? null;
  if ((certificate === null) !== (key === null))
    throw new ConfigError(`${name}: sslcert and sslkey belong together`);
  return { mode, rootCertificate: parameters.get('sslrootcert') ?? null, certificate, key };
}
