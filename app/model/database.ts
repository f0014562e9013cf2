// Where the messages are kept: the engine, and what it needs to find them.

/** One case for each engine. DATABASE_URL names it; only `storage/open.ts` acts on it. */
export type DatabaseLocation = SqliteLocation | PostgresLocation;

interface SqliteLocation {
  readonly engine: 'sqlite';
  /** Absolute path of the database file. */
  readonly path: string;
}

/** A database of PostgreSQL, on any of several servers: the one that accepts writes is used. */
export interface PostgresLocation {
  readonly engine: 'postgres';
  readonly hosts: readonly PostgresHost[];
  readonly user: string;
  /** Null where the server asks for none. Never part of a message. */
  readonly password: string | null;
  readonly database: string;
  readonly tls: PostgresTls;
  /** What the server shows of a connection. */
  readonly applicationName: string;
}

export interface PostgresHost {
  /** A name, an address, or the absolute path of the directory of a socket. */
  readonly host: string;
  readonly port: number;
}

/** As libpq has them: `prefer` and `require` encrypt, and do not check whom they speak to. */
export const TLS_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** Paths are of PEM files, read for each connection, so that a renewed certificate is used; null where none is named. */
export interface PostgresTls {
  readonly mode: (typeof TLS_MODES)[number];
  readonly rootCertificate: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
}

/** Returns a database as people know it: the path of a file, or a URL without the password. */
export function describeLocation(location: DatabaseLocation): string {
  if (location.engine === 'sqlite') return location.path;
  const hosts = location.hosts.map(({ host, port }) => {
    const name = host.startsWith('/') ? encodeURIComponent(host) : host;
    return `${name.includes(':') ? `[${name}]` : name}:${port}`;
  });
  return `postgres://${encodeURIComponent(location.user)}@${hosts.join(',')}/${encodeURIComponent(location.database)}`;
}
