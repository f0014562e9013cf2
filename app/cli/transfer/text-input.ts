// The bytes of an import as UTF-8 text: UTF-16 is detected and refused, and a byte order mark is left out.
import { CommandError } from '../exit.ts';

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const LINE_FEED = 0x0a;
/** A first line is searched for in so many bytes. */
const FIRST_LINE_BYTES_MAX = 65_536;

export interface TextInput {
  /** The first line without its end, or as much of it as is read. */
  readonly firstLine: string;
  /** Everything, the first line included. */
  readonly chunks: AsyncIterable<Buffer>;
}

/** Reads the beginning. Rejects with CommandError for UTF-16, and with what the system says. */
export async function textInput(stream: AsyncIterable<Buffer>): Promise<TextInput> {
  const iterator = stream[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let ended = false;
  while (!ended && head.length < FIRST_LINE_BYTES_MAX && !head.includes(LINE_FEED)) {
    const next = await iterator.next();
    ended = next.done === true;
    if (next.done !== true) head = Buffer.concat([head, next.value]);
  }
  if (isUtf16(head)) throw new CommandError('the file is UTF-16: save it as UTF-8');
  const text = head.indexOf(BYTE_ORDER_MARK) === 0 ? head.subarray(BYTE_ORDER_MARK.length) : head;
  const end = text.indexOf(LINE_FEED);
  const firstLine = text.subarray(0, end === -1 ? FIRST_LINE_BYTES_MAX : end).toString('utf8');
  return { firstLine: firstLine.replace(/\r$/, ''), chunks: rest(text, iterator) };
}

async function* rest(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
    yield next.value;
}

/** By its byte order mark; without one, by the zero in the first character, which no CSV and no JSON begins with. */
function isUtf16(head: Buffer): boolean {
  const [first, second] = head;
  if (first === undefined || second === undefined) return false;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
    ? true
    : (first === 0) !== (second === 0);
}
