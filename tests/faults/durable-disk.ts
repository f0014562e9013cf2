// A disk that keeps only what it promised: plays a record, and returns what it would hold if the power failed now.
import type { FileNumber, TraceRecord } from './trace.ts';

/** A disk writes whole sectors: a larger write may be torn between them. */
const SECTOR_BYTES = 512;

interface Change {
  readonly order: number;
  /** Bytes to write at `offset`; null cuts the file there. */
  readonly data: Buffer | null;
  readonly offset: number;
}

/** A file apart from its name: what is synced, and what was changed since. */
interface Inode {
  synced: Buffer;
  pending: Change[];
}

interface Renaming {
  readonly order: number;
  readonly file: FileNumber;
  readonly inode: Inode | null;
}

/** The content of each file after a power cut; a file whose name did not survive is absent. */
export type Image = Map<FileNumber, Buffer>;

export class DurableDisk {
  readonly #names = new Map<FileNumber, Inode>();
  readonly #syncedNames = new Map<FileNumber, Inode>();
  #pendingNames: Renaming[] = [];
  readonly #syncs = new Map<number, number>();
  #order = 0;

  /** A file that is on the disk when the record begins. */
  hold(file: FileNumber, content: Buffer): void {
    const inode: Inode = { synced: content, pending: [] };
    this.#names.set(file, inode);
    this.#syncedNames.set(file, inode);
  }

  play(record: TraceRecord): void {
    this.#order += 1;
    const { kind, file, offset, data } = record;
    if (kind === 'write') this.#change(file, { order: this.#order, offset, data });
    else if (kind === 'truncate') this.#change(file, { order: this.#order, offset, data: null });
    else if (kind === 'create') this.#name(file, { synced: Buffer.alloc(0), pending: [] });
    else if (kind === 'unlink') this.#name(file, null);
    else if (kind === 'syncBegin') this.#syncs.set(offset, this.#order);
    else if (kind === 'syncEnd') this.#sync(file, this.#syncs.get(offset) ?? 0, record.error === 0);
  }

  /** What survives when nothing does that was not synced. */
  synced(): Image {
    return new Map([...this.#syncedNames].map(([file, { synced }]) => [file, synced]));
  }

  /** What a killed process leaves: everything that was written. */
  written(): Image {
    return new Map(
      [...this.#names].map(([file, { synced, pending }]) => [file, applied(synced, pending)]),
    );
  }

  /**
   * What may survive as well: some of the writes since the last sync, in any order and torn between sectors,
   * some of the changes of names. `random` gives numbers from 0 to 1.
   */
  torn(random: () => number): Image {
    const names = new Map(this.#syncedNames);
    for (const { file, inode } of this.#pendingNames.filter(() => random() < 0.5))
      rename(names, file, inode);
    const chance = random();
    return new Map(
      [...names].map(([file, { synced, pending }]) => {
        const kept = pending.flatMap((change) => tear(change, () => random() < chance));
        return [file, applied(synced, shuffle(kept, random))];
      }),
    );
  }

  #change(file: FileNumber, change: Change): void {
    const inode = this.#names.get(file);
    if (inode === undefined) throw new Error(`a change of file ${file}, which was never made`);
    inode.pending.push(change);
  }

  #name(file: FileNumber, inode: Inode | null): void {
    rename(this.#names, file, inode);
    this.#pendingNames.push({ order: this.#order, file, inode });
  }

  /**
   * A sync covers what was written before it began. After one that failed, the kernel counts those pages as written
   * though they are not: a later sync that succeeds says nothing about them, so here they are gone.
   */
  #sync(file: FileNumber, begun: number, succeeded: boolean): void {
    if (file === 8) {
      for (const { order, file: named, inode } of this.#pendingNames)
        if (order <= begun && succeeded) rename(this.#syncedNames, named, inode);
      this.#pendingNames = this.#pendingNames.filter(({ order }) => order > begun || !succeeded);
      return;
    }
    const inode = this.#names.get(file);
    if (inode === undefined) return;
    const covered = inode.pending.filter(({ order }) => order <= begun);
    if (succeeded) inode.synced = applied(inode.synced, covered);
    inode.pending = inode.pending.filter(({ order }) => order > begun);
  }
}

function rename(names: Map<FileNumber, Inode>, file: FileNumber, inode: Inode | null): void {
  if (inode === null) names.delete(file);
  else names.set(file, inode);
}

function applied(content: Buffer, changes: readonly Change[]): Buffer {
  if (changes.length === 0) return content;
  const lengths = changes.map(({ data, offset }) => offset + (data?.length ?? 0));
  const bytes = Buffer.alloc(Math.max(content.length, ...lengths));
  content.copy(bytes);
  let length = content.length;
  for (const { data, offset } of changes) {
    if (data === null) {
      bytes.fill(0, offset);
      length = offset;
    } else {
      data.copy(bytes, offset);
      length = Math.max(length, offset + data.length);
    }
  }
  return bytes.subarray(0, length);
}

function tear(change: Change, survives: () => boolean): Change[] {
  const { data, offset, order } = change;
  if (data === null) return survives() ? [change] : [];
  const kept: Change[] = [];
  for (let at = 0; at < data.length;) {
    const end = Math.min(data.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
    if (survives()) kept.push({ order, offset: offset + at, data: data.subarray(at, end) });
    at = end;
  }
  return kept;
}

function shuffle(changes: Change[], random: () => number): Change[] {
  return changes
    .map((change) => ({ change, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ change }) => change);
}
