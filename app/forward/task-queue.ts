// What is to be sent, in order: of each conversation one entry at a time.
import type { ForwardContent, ForwardEntry, Unfinished } from '../storage/store.ts';

/** An entry that is to be sent, or is being sent. */
export interface Task {
  readonly entry: ForwardEntry;
  /** Null where it has none: then it waits for no other. */
  readonly conversation: string | null;
  /** Where it has one: it was attempted before, or waited. */
  row: Unfinished | null;
}

/** A task whose content was read. */
export interface LoadedTask {
  readonly task: Task;
  readonly content: ForwardContent;
}

export class TaskQueue {
  /** Tasks that may be sent once their contents are read. */
  readonly #bare = new Map<number, Task>();
  readonly #loaded: LoadedTask[] = [];
  /** Tasks behind one of their conversation that may be sent, or is in flight. */
  readonly #behind = new Map<string, Task[]>();
  /** Conversations of which a task may be sent, or is in flight. */
  readonly #active = new Set<string>();

  /** How many tasks may be sent now. */
  get loaded(): number {
    return this.#loaded.length;
  }

  /** Returns the numbers of the first tasks whose contents are to be read. */
  bare(limit: number): number[] {
    return this.#bare.keys().take(limit).toArray();
  }

  isActive(conversation: string | null): boolean {
    return conversation !== null && this.#active.has(conversation);
  }

  /** Adds a task: it may be sent when those of its conversation that were added before are over. */
  add(task: Task): void {
    const { conversation, entry } = task;
    if (conversation !== null && this.#active.has(conversation)) {
      const behind = this.#behind.get(conversation);
      if (behind === undefined) this.#behind.set(conversation, [task]);
      else behind.push(task);
      return;
    }
    if (conversation !== null) this.#active.add(conversation);
    this.#bare.set(entry.seq, task);
  }

  /** The content of a task was read: it may be sent. Without effect on a task that is not bare. */
  load(content: ForwardContent): void {
    const task = this.#bare.get(content.seq);
    if (task === undefined) return;
    this.#bare.delete(content.seq);
    this.#loaded.push({ task, content });
  }

  /** Takes the first task that may be sent; undefined where there is none. */
  take(): LoadedTask | undefined {
    return this.#loaded.shift();
  }

  /** Takes a task out whose content is not there any more; undefined where none is bare with this number. */
  drop(seq: number): Task | undefined {
    const task = this.#bare.get(seq);
    this.#bare.delete(seq);
    return task;
  }

  /** A task is over: the next of its conversation may be sent. */
  next({ conversation }: Task): void {
    if (conversation === null) return;
    const behind = this.#behind.get(conversation);
    const following = behind?.shift();
    if (following === undefined) this.#active.delete(conversation);
    else this.#bare.set(following.entry.seq, following);
    if (behind?.length === 0) this.#behind.delete(conversation);
  }

  /** Takes out what is behind a task, and returns it in order. */
  takeBehind({ conversation }: Task): readonly Task[] {
    if (conversation === null) return [];
    const behind = this.#behind.get(conversation) ?? [];
    this.#behind.delete(conversation);
    return behind;
  }
}
