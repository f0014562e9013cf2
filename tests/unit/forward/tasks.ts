// Tasks and contents for tests, made of a number and a conversation.
import type { Task } from '../../../app/forward/task-queue.ts';
import type { ForwardContent } from '../../../app/storage/forward-store.ts';

export function taskOf(seq: number, conversation: string | null = null): Task {
  const entry = { seq, id: `m${seq}`, source: 'default', type: 'message', party: conversation };
  return { entry, conversation, row: null };
}

export function contentOf(seq: number): ForwardContent {
  const ts = '2026-01-15T10:00:00Z';
  const named = { source: null, kind: null, delivery: null, payload: null };
  const message = {
    message_id: `m${seq}`,
    from: '+1',
    to: '+2',
    ts,
    text: 'x',
    created_at: ts,
    seq,
  };
  return { seq, message: { ...message, ...named } };
}
