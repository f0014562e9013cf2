// Copies the write-ahead log into the file between two commits, so that the next one restarts it.
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { BUSY_TIMEOUT_MS, WAL_BYTES_KEPT } from '../file/connection.ts';
import { copyAgain } from '../file/wal-index.ts';

/** Of a WAL that has to be cut, a restart cuts no more than this: a commit waits for it, 70 to 85 ms where 200 MB are cut at once. */
const CUT_BYTES_MAX = 33_554_432;

/** The WAL of a database, by the connection that writes it. No method throws because of SQLite: what a disk does shows at the next commit. */
export class Wal {
  readonly #database: DatabaseSync;
  readonly #path: string;
  /** See openWalIndex. */
  readonly index: number;

  constructor(database: DatabaseSync, path: string, index: number) {
    this.#database = database;
    this.#path = path;
    this.index = index;
  }

  /** Copies what it can into the file without waiting for anyone. */
  copy(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      copyAgain(this.index);
    }
  }

  /** Copies all of it, so that the next commit restarts it, or empties it. Readers have `waitMs` to end. Returns whether it could. */
  restart(waitMs: number, mode: 'RESTART' | 'TRUNCATE' = 'RESTART'): boolean {
    try {
      this.#database.exec(`PRAGMA busy_timeout = ${waitMs}`);
      return this.#database.prepare(`PRAGMA wal_checkpoint(${mode})`).get()?.['busy'] === 0;
    } catch {
      copyAgain(this.index);
      return false;
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  /** Copies all of it and empties it, unless another connection reads or writes. Returns whether it could. */
  truncate(): boolean {
    return this.restart(0, 'TRUNCATE');
  }

  /** It may restart soon: has that cut the file by CUT_BYTES_MAX at most, however long it has become. */
  limitCut(): void {
    try {
      const { size } = statSync(`${this.#path}-wal`);
      const limit = Math.max(WAL_BYTES_KEPT, size - CUT_BYTES_MAX);
      this.#database.exec(`PRAGMA journal_size_limit = ${limit}`);
    } catch {
      // Without it the restart cuts what was allowed before.
    }
  }
}
