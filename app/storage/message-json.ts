// A message as the API returns it, for engines that make the JSON in this process.
import type { Message } from '../model/message.ts';

/** Returns the JSON of a message as `GET /messages` and the stream list it. */
export function messageJson({ message_id, from, to, ts, text }: Message): string {
  return JSON.stringify({ message_id, from, to, ts, text });
}
