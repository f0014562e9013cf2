// The lines of an input file that were acknowledged, kept beside it, so that a second run sends only the rest.
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, writeSync } from 'node:fs';
import { linesOf } from './lines.ts';

const HASH_DIGITS = 16;
const ENTRY = /^([0-9]{1,15}) ([0-9a-f]{16})$/;

/**
 * One line for each line of the input that was acknowledged: its number, and a hash of it, so that a line that was
 * changed since is sent again. It is written as responses arrive; a run that is killed loses none of it.
 */
export class Journal {
  /** By line number; 0 where it was not acknowledged. Eight bytes a line, however long the lines are. */
  #hashes = new BigUint64Array(4_096);
  readonly #file: number;

  private constructor(file: number) {
    this.#file = file;
  }

  /** Opens the journal at `path` and reads what it holds, creating it where it is absent. Throws what the system throws. */
  static async open(path: string): Promise<Journal> {
    const entries = existsSync(path) ? linesOf(path) : [];
    const journal = new Journal(openSync(path, 'a', 0o600));
    for await (const { bytes } of entries) {
      // The last line of a run that was killed may be incomplete.
      const [, number, hash] = ENTRY.exec(bytes.toString('latin1')) ?? [];
      if (number !== undefined) journal.#set(Number(number), BigInt(`0x${hash}`));
    }
    // Keeps an incomplete line apart from the next one.
    if (fstatSync(journal.#file).size > 0) writeSync(journal.#file, '\n');
    return journal;
  }

  /** Whether the line with this number and `hashOf` its bytes was acknowledged. */
  has(number: number, hash: bigint): boolean {
    return this.#hashes[number] === hash;
  }

  add(number: number, hash: bigint): void {
    this.#set(number, hash);
    writeSync(this.#file, `${number} ${hash.toString(16).padStart(HASH_DIGITS, '0')}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }

  #set(number: number, hash: bigint): void {
    if (number >= this.#hashes.length) {
      const grown = new BigUint64Array(Math.max(number + 1, this.#hashes.length * 2));
      grown.set(this.#hashes);
      this.#hashes = grown;
    }
    this.#hashes[number] = hash;
  }
}

/** Returns the first 64 bits of its SHA-256. */
export function hashOf(bytes: Buffer): bigint {
  return createHash('sha256').update(bytes).digest().readBigUInt64BE();
}
