// Where the messages are kept: the engine, and what it needs to find them.

/** One case for each engine. DATABASE_URL names it; only `storage/open.ts` acts on it. */
export type DatabaseLocation = {
  readonly engine: 'sqlite';
  /** Absolute path of the database file. */
  readonly path: string;
};
