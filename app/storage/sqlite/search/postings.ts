// Posting lists: which messages of a block have a bucket, packed into the bytes of a group.

/**
 * A group's bytes: for each of its buckets that has messages, in order, four numbers (the bucket's low bits, how many
 * bytes its list takes, the list's last number, then the list). A list: its first number, then the distances.
 * Numbers are unsigned LEB128: seven bits a byte, the lowest first, the eighth bit set on all but the last byte.
 */
export interface PostingList {
  /** The bucket without the bits that name its group. */
  readonly low: number;
  readonly last: number;
  /** Where the list stands in the group's bytes. */
  readonly start: number;
  readonly end: number;
}

/** So few bytes are copied sooner one by one than by a call that needs an object for its source. */
const COPY_EACH_MAX = 32;

/** Grows as needed; `take` gives a copy of what was written and starts over. */
export class ByteWriter {
  #bytes = new Uint8Array(4_096);
  length = 0;

  number(value: number): void {
    if (this.length + 8 > this.#bytes.length) this.#grow(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.length++] = rest;
  }

  bytes(source: Uint8Array, start = 0, end = source.length): void {
    const count = end - start;
    if (this.length + count > this.#bytes.length) this.#grow(count);
    if (count > COPY_EACH_MAX) {
      this.#bytes.set(source.subarray(start, end), this.length);
    } else {
      for (let index = 0; index < count; index += 1)
        this.#bytes[this.length + index] = source[start + index] as number;
    }
    this.length += count;
  }

  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }

  /** What was written, without a copy: valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  #grow(more: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + more));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }
}

const TOO_EARLY = 'a posting list of the search index ends too early';

/** Reads numbers one after another. */
export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  number(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) throw new Error(TOO_EARLY);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
      shift += 7;
    }
  }
}

/** How many bytes a number takes. */
export function sizeOf(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size += 1;
  return size;
}

/** Goes through the lists of a group of one block, in order, beginning at the first, with the numbers that its messages have in a larger one. */
export class ListCursor {
  readonly bytes: Uint8Array;
  readonly #base: number;
  readonly #reader: ByteReader;
  readonly #groupEnd: number;
  /** The bucket without the bits that name its group; Infinity behind the last list. */
  low = 0;
  first = 0;
  last = 0;
  /** Where the list stands in the bytes, without its first number. */
  start = 0;
  end: number;

  /** The group is `bytes` from `start` to `end`; `base` is the place of its block's first message in the larger one. */
  constructor(bytes: Uint8Array, start: number, end: number, base: number) {
    this.bytes = bytes;
    this.#base = base;
    this.#reader = new ByteReader(bytes);
    this.#groupEnd = end;
    this.end = start;
    this.next();
  }

  next(): void {
    const reader = this.#reader;
    reader.position = this.end;
    if (this.end >= this.#groupEnd) {
      this.low = Infinity;
      return;
    }
    this.low = reader.number();
    const length = reader.number();
    this.last = this.#base + reader.number();
    this.end = reader.position + length;
    this.first = this.#base + reader.number();
    this.start = reader.position;
    if (this.start > this.end || this.end > this.#groupEnd) throw new Error(TOO_EARLY);
  }
}

/** Writes one list with its head: `list` holds its first number and the distances, already packed. */
export function writeList(out: ByteWriter, low: number, last: number, list: Uint8Array): void {
  out.number(low);
  out.number(list.length);
  out.number(last);
  out.bytes(list);
}

/** The lists of a group, in the order of their buckets. */
export function listsOf(group: Uint8Array): PostingList[] {
  const reader = new ByteReader(group);
  const lists: PostingList[] = [];
  while (reader.position < group.length) {
    const low = reader.number();
    const length = reader.number();
    const last = reader.number();
    lists.push({ low, last, start: reader.position, end: reader.position + length });
    reader.position += length;
  }
  return lists;
}

/** The bytes of one bucket's list; null where no message of the block has the bucket. */
export function findList(group: Uint8Array, low: number): Uint8Array | null {
  const reader = new ByteReader(group);
  while (reader.position < group.length) {
    const at = reader.number();
    const length = reader.number();
    reader.number();
    if (at === low) return group.subarray(reader.position, reader.position + length);
    if (at > low) return null;
    reader.position += length;
  }
  return null;
}

/**
 * The numbers of a list. Long lists are the cost of a search for something common: so they are unpacked without a
 * reader, into memory that is not made of JavaScript's values.
 */
export function unpack(list: Uint8Array): Uint32Array {
  const numbers = new Uint32Array(list.length);
  let count = 0;
  let current = 0;
  let distance = 0;
  let shift = 0;
  for (const byte of list) {
    distance |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte >= 0x80) continue;
    current += distance >>> 0;
    numbers[count++] = current;
    distance = 0;
    shift = 0;
  }
  return numbers.subarray(0, count);
}

/** The same group without the numbers that are not to be kept; the bytes themselves where all are, empty where none is. */
export function keptGroup(
  group: Uint8Array<ArrayBuffer>,
  isKept: (number: number) => boolean,
): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  const list = new ByteWriter();
  let dropped = 0;
  for (const { low, start, end } of listsOf(group)) {
    let previous = 0;
    for (const number of unpack(group.subarray(start, end))) {
      if (isKept(number)) {
        list.number(number - previous);
        previous = number;
      } else dropped += 1;
    }
    if (list.length > 0) writeList(out, low, previous, list.view());
    list.length = 0;
  }
  return dropped === 0 ? group : out.take();
}
