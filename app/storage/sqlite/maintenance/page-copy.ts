// Copies a database file while it changes, at a bounded rate, and later again the pages that have changed.
import {
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BadCopy } from './files.ts';

const CHUNK_BYTES = 1_048_576;
/** Pages this near to each other are copied in one go. */
const RUN_BYTES_MAX = 262_144;
/** The copy is synced this often, so that what waits in the system's cache never becomes a flood. */
const SYNC_BYTES = 16 * CHUNK_BYTES;

/** Called between pieces of work, many times a second. Rejects to stop the copy. */
export type Breathe = () => Promise<void>;

/**
 * The descriptors stay open until `close`, which comes after every connection of this process to the source is closed:
 * closing any descriptor of a file drops all locks that its process has on it (fcntl(2)).
 */
export class PageCopy {
  readonly #source: number;
  readonly #target: number;
  readonly #pageBytes: number;
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #unsynced = 0;
  #written = 0;

  /** Creates `target`, which must not be there, for this user alone. Throws what the system throws. */
  constructor(source: string, target: string, pageBytes: number) {
    this.#pageBytes = pageBytes;
    this.#target = openSync(target, 'wx+', 0o600);
    this.#source = openSync(source, 'r');
  }

  /** Bytes written so far. */
  get written(): number {
    return this.#written;
  }

  get sourceBytes(): number {
    return fstatSync(this.#source).size;
  }

  /** Copies the whole file, at `bytesPerSecond` at most; 0 is without a bound. */
  async all(bytesPerSecond: number, breathe: Breathe): Promise<void> {
    const startMs = performance.now();
    for (let at = 0; at < this.sourceBytes; at += CHUNK_BYTES) {
      this.#copy(at, CHUNK_BYTES);
      await breathe();
      this.#sync(SYNC_BYTES);
      if (bytesPerSecond === 0) continue;
      const earlyMs = ((at + CHUNK_BYTES) / bytesPerSecond) * 1_000 - (performance.now() - startMs);
      if (earlyMs > 1) await sleep(earlyMs);
    }
  }

  /** Copies the pages with these numbers (from 1, ascending). */
  async pages(numbers: readonly number[], breathe: Breathe | null): Promise<void> {
    const bytes = this.#pageBytes;
    for (let index = 0; index < numbers.length;) {
      const first = numbers[index] ?? 0;
      let last = first;
      while (index < numbers.length) {
        const next = numbers[index] ?? 0;
        if (next > last + 1 || (next - first + 1) * bytes > RUN_BYTES_MAX) break;
        last = next;
        index += 1;
      }
      this.#copy((first - 1) * bytes, (last - first + 1) * bytes);
      if (breathe === null) continue;
      await breathe();
      this.#sync(SYNC_BYTES);
    }
  }

  /** Makes the copy as long as the source is now. */
  fit(): void {
    ftruncateSync(this.#target, this.sourceBytes);
  }

  close(): void {
    closeSync(this.#source);
    closeSync(this.#target);
  }

  #copy(at: number, length: number): void {
    for (let done = 0; done < length;) {
      const wanted = Math.min(CHUNK_BYTES, length - done);
      const got = readSync(this.#source, this.#buffer, 0, wanted, at + done);
      if (got === 0) return;
      writeWhole(this.#target, this.#buffer, got, at + done);
      this.#written += got;
      this.#unsynced += got;
      done += got;
    }
  }

  #sync(bytesMax: number): void {
    if (this.#unsynced < bytesMax) return;
    fdatasyncSync(this.#target);
    this.#unsynced = 0;
  }
}

function writeWhole(file: number, buffer: Buffer, length: number, at: number): void {
  for (let written = 0; written < length;)
    written += writeSync(file, buffer, written, length - written, at + written);
}

/** Copies the first `length` bytes of a small file. Throws what the system throws. */
export function copyStart(source: string, target: string, length: number): void {
  const from = openSync(source, 'r');
  const to = openSync(target, 'wx', 0o600);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0; at < length;) {
      const got = readSync(from, buffer, 0, Math.min(CHUNK_BYTES, length - at), at);
      if (got === 0) throw new BadCopy(`${source} is shorter than it was`);
      writeWhole(to, buffer, got, at);
      at += got;
    }
  } finally {
    closeSync(from);
    closeSync(to);
  }
}
