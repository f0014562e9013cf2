// The lines of an input file that were acknowledged, kept beside it, so that a second run sends only the rest.
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { type Line, linesOf } from './lines.ts';

const HASH_DIGITS = 16;
const ENTRY = /^([0-9]{1,15}) ([0-9a-f]{16})$/;

/**
 * One line for each line of the input that was acknowledged: its number, and a hash of it, so that a line that was
 * changed since is sent again. It is written as responses arrive; a run that is killed loses none of it.
 */
export class Journal {
  /** By line number; 0 where it was not acknowledged. Eight bytes a line, however long the lines are. */
  #hashes = new BigUint64Array(4_096);
  readonly #file: number | null;

  private constructor(file: number | null) {
    this.#file = file;
  }

  /** Returns a journal in memory only, for an input that cannot be read twice. */
  static none(): Journal {
    return new Journal(null);
  }

  /** Opens the journal at `path` and reads what it holds, creating it where it is absent. Throws what the system throws. */
  static async open(path: string): Promise<Journal> {
    const entries = existsSync(path) ? linesOf(path) : [];
    const found: [number: number, hash: string][] = [];
    for await (const { bytes } of entries) {
      // The last line of a run that was killed may be incomplete.
      const [, number, hash] = ENTRY.exec(bytes.toString('latin1')) ?? [];
      if (number !== undefined && hash !== undefined) found.push([Number(number), hash]);
    }
    const file = openSync(path, 'a', 0o600);
    // Keeps an incomplete line apart from the next one.
    if (found.length > 0) writeSync(file, '\n');
    const journal = new Journal(file);
    for (const [number, hash] of found) journal.#set(number, hash);
    return journal;
  }

  has(line: Line): boolean {
    return this.#hashes[line.number] === BigInt(`0x${hashOf(line)}`);
  }

  add(line: Line): void {
    const hash = hashOf(line);
    this.#set(line.number, hash);
    if (this.#file !== null) writeSync(this.#file, `${line.number} ${hash}\n`);
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }

  #set(number: number, hash: string): void {
    if (number >= this.#hashes.length) {
      const grown = new BigUint64Array(Math.max(number + 1, this.#hashes.length * 2));
      grown.set(this.#hashes);
      this.#hashes = grown;
    }
    this.#hashes[number] = BigInt(`0x${hash}`);
  }
}

function hashOf({ bytes }: Line): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, HASH_DIGITS);
}
