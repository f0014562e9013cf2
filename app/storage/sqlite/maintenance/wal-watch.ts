// Which pages of the database change: read from the write-ahead log, without a lock, while others write it.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

// The format of the log: https://sqlite.org/fileformat2.html#the_write_ahead_log
export const WAL_HEADER_BYTES = 32;
const PAGE_SIZE_AT = 8;
const SEQUENCE_AT = 12;
const SALT_AT = 16;
export const FRAME_HEADER_BYTES = 24;
/** Where a frame has the size of the database, if a transaction ends with it, and the salts of its log. */
const COMMIT_AT = 4;
const FRAME_SALT_AT = 8;
const CHUNK_FRAMES = 256;

/** A log from one beginning to the next: its salts change when it is begun anew. */
interface Log {
  readonly salt1: number;
  readonly salt2: number;
  readonly frameBytes: number;
  /** Frames up to here belong to transactions that have ended, and have been read. What follows may be written again. */
  readonly ended: number;
}

/**
 * Collects the numbers of the pages that are written to the log. A page that changes in the database file has been
 * in the log before; so the pages collected since the start of a copy are those that the copy may have wrong.
 * More than those do no harm: what matters is that none is missed. Where that cannot be said any more, as after the
 * log was begun anew twice between two looks, `complete` is false for good.
 * Whoever watches keeps a connection open meanwhile: so no other process, closing its own, deletes the log.
 */
export class WalWatch {
  readonly #path: string;
  #log: Log | null = null;
  #looked = false;
  #complete = true;
  #pages = new Set<number>();

  /** `path` is the database's. */
  constructor(path: string) {
    this.#path = `${path}-wal`;
  }

  get complete(): boolean {
    return this.#complete;
  }

  /** How many bytes of the file belong to the log as it was at the last look; older frames may stand behind. */
  get liveBytes(): number {
    return this.#log === null ? 0 : WAL_HEADER_BYTES + this.#log.ended * this.#log.frameBytes;
  }

  /** The pages that were collected since they were last taken, ascending. */
  take(): number[] {
    const pages = [...this.#pages].toSorted((a, b) => a - b);
    this.#pages = new Set();
    return pages;
  }

  /** Reads what the log has grown by. Throws what the system throws. */
  look(): void {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#gone();
      return;
    }
    try {
      this.#read(file);
    } finally {
      closeSync(file);
      this.#looked = true;
    }
  }

  #read(file: number): void {
    const header = Buffer.alloc(WAL_HEADER_BYTES);
    if (readSync(file, header, 0, WAL_HEADER_BYTES, 0) < WAL_HEADER_BYTES) {
      this.#gone();
      return;
    }
    const found: Log = {
      salt1: header.readUInt32BE(SALT_AT),
      salt2: header.readUInt32BE(SALT_AT + 4),
      frameBytes: FRAME_HEADER_BYTES + header.readUInt32BE(PAGE_SIZE_AT),
      ended: 0,
    };
    const before = this.#log;
    if (before?.salt1 === found.salt1 && before.salt2 === found.salt2) {
      this.#log = { ...before, ended: this.#collect(file, before, before.ended).ended };
      return;
    }
    // One that appears where there was none must be the first, or others have come and gone unseen.
    if (before === null && this.#looked && header.readUInt32BE(SEQUENCE_AT) !== 0)
      this.#complete = false;
    // Begun anew, the rest of the old log still stands behind the frames that the new one has by now.
    if (before !== null) this.#collect(file, before, before.ended);
    const { ended, seen } = this.#collect(file, found, 0);
    if (before !== null && !this.#follows(file, before, found, seen)) this.#complete = false;
    this.#log = { ...found, ended };
  }

  /** Whether `found` came right after `before`, and has not been written over frames that were not read yet. */
  #follows(file: number, before: Log, found: Log, seen: number): boolean {
    return (
      found.salt1 === (before.salt1 + 1) >>> 0 &&
      seen <= before.ended &&
      // Cut off in between, it would be shorter.
      fstatSync(file).size >= WAL_HEADER_BYTES + before.ended * before.frameBytes
    );
  }

  /** There is no log now. One that was not read to its end may have been moved into the file. */
  #gone(): void {
    if (this.#log !== null) this.#complete = false;
    this.#log = null;
    this.#looked = true;
  }

  /** Collects the frames of `log` from the number `from` on. `seen` counts all of them, `ended` those of whole transactions. */
  #collect(file: number, log: Log, from: number): { ended: number; seen: number } {
    const { frameBytes } = log;
    const chunk = Buffer.allocUnsafe(frameBytes * CHUNK_FRAMES);
    let ended = from;
    for (let seen = from; ;) {
      const got = readSync(file, chunk, 0, chunk.length, WAL_HEADER_BYTES + seen * frameBytes);
      if (got < frameBytes) return { ended, seen };
      for (let at = 0; at + frameBytes <= got; at += frameBytes) {
        if (
          chunk.readUInt32BE(at + FRAME_SALT_AT) !== log.salt1 ||
          chunk.readUInt32BE(at + FRAME_SALT_AT + 4) !== log.salt2
        )
          return { ended, seen };
        this.#pages.add(chunk.readUInt32BE(at));
        seen += 1;
        if (chunk.readUInt32BE(at + COMMIT_AT) !== 0) ended = seen;
      }
    }
  }
}
