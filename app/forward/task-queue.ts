// What is to be sent, in order: of each conversation one entry at a time.
import type { ForwardContent, ForwardEntry, Unfinished } from '../storage/store.ts';

/** An entry that is to be sent, or is being sent. */
export interface Task {
  readonly entry: ForwardEntry;
  /** Null where it has none: then it waits for no other. */
  readonly conversation: string | null;
  /** Where it was attempted before, or waited. */
  readonly row: Unfinished | null;
  /** Null until it has been read. */
  content: ForwardContent | null;
}

export class TaskQueue {
  #ready: Task[] = [];
  /** Tasks behind one of their conversation that is ready or in flight. */
  readonly #behind = new Map<string, Task[]>();
  /** Conversations of which a task is ready or in flight. */
  readonly #active = new Set<string>();

  /** Tasks that may be sent now. */
  get ready(): readonly Task[] {
    return this.#ready;
  }

  isActive(conversation: string | null): boolean {
    return conversation !== null && this.#active.has(conversation);
  }

  add(task: Task): void {
    const { conversation } = task;
    if (conversation === null) this.#ready.push(task);
    else if (!this.#active.has(conversation)) {
      this.#active.add(conversation);
      this.#ready.push(task);
    } else {
      const behind = this.#behind.get(conversation);
      if (behind === undefined) this.#behind.set(conversation, [task]);
      else behind.push(task);
    }
  }

  /** Takes the first task that has its content; undefined where there is none. */
  take(): Task | undefined {
    const at = this.#ready.findIndex(({ content }) => content !== null);
    return at === -1 ? undefined : this.#ready.splice(at, 1)[0];
  }

  /** Takes a task out that is ready. */
  remove(task: Task): void {
    this.#ready = this.#ready.filter((other) => other !== task);
  }

  /** A task is over: the next of its conversation may be sent. */
  next({ conversation }: Task): void {
    if (conversation === null) return;
    const behind = this.#behind.get(conversation);
    const following = behind?.shift();
    if (following === undefined) this.#active.delete(conversation);
    else this.#ready.push(following);
    if (behind?.length === 0) this.#behind.delete(conversation);
  }

  /** Ends the conversation of a task for now. Returns what was behind it, in order. */
  hold({ conversation }: Task): readonly Task[] {
    if (conversation === null) return [];
    const behind = this.#behind.get(conversation) ?? [];
    this.#behind.delete(conversation);
    this.#active.delete(conversation);
    return behind;
  }
}
