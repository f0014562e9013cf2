// Backups of a database in use, made at any moment, also while its service is killed: each has what was acknowledged before it began.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Call, start } from '../cli/oncebox.ts';
import { bounded } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import type { Stored } from '../support/message.ts';
import { isAged } from './load.ts';
import { assertSound, assertStored } from './verify.ts';
import { assertWhole, heldInFile } from './whole-deliveries.ts';

/** What was acknowledged so far, in that order: maps that only grow. */
interface Acknowledged {
  readonly messages: ReadonlyMap<string, Stored>;
  readonly deliveries: ReadonlyMap<string, unknown>;
}

interface Backup {
  readonly file: string;
  readonly call: Call;
  /** How much was acknowledged before it began. */
  readonly messages: number;
  readonly deliveries: number;
}

/** The backups of one database. */
export class LiveBackups {
  readonly #t: Cleaner;
  readonly #databasePath: string;
  readonly #directory: string;
  readonly #acknowledged: Acknowledged;
  #begun: Backup[] = [];
  #count = 0;

  constructor(t: Cleaner, databasePath: string, acknowledged: Acknowledged) {
    this.#t = t;
    this.#databasePath = databasePath;
    this.#directory = temporaryDirectory(t);
    this.#acknowledged = acknowledged;
  }

  /** Begins another one; it runs beside whatever comes. */
  begin(): void {
    this.#count += 1;
    const file = join(this.#directory, `copy-${this.#count}.db`);
    const { messages, deliveries } = this.#acknowledged;
    this.#begun.push({
      file,
      messages: messages.size,
      deliveries: deliveries.size,
      call: start(this.#t, ['backup', file], {
        env: { DATABASE_URL: `sqlite:///${this.#databasePath}` },
      }),
    });
  }

  /**
   * Waits for all that were begun, and opens each: it is sound, and has what was acknowledged before, but for messages that retention
   * removes. `ownMax`: that of the deliveries. Returns how many there were.
   */
  async verify(ownMax: number | undefined): Promise<number> {
    const backups = this.#begun.splice(0);
    for (const { file, call, messages, deliveries } of backups) {
      const { code, stderr } = await bounded(call.ended, () => 'the end of a backup');
      assert.equal(code, 0, stderr);
      const before = new Map(this.#acknowledged.messages.entries().take(messages));
      assertStored(file, before, undefined, isAged);
      const database = new DatabaseSync(file, { readOnly: true });
      try {
        const keys = this.#acknowledged.deliveries.keys().take(deliveries);
        assertWhole(heldInFile(database), keys, ownMax);
      } finally {
        database.close();
      }
      assertSound(file);
      rmSync(file);
    }
    return backups.length;
  }
}
