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
    if (this.length + end - start > this.#bytes.length) this.#grow(end - start);
    this.#bytes.set(source.subarray(start, end), this.length);
    this.length += end - start;
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
      if (byte === undefined) throw new Error('a posting list of the search index ends too early');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
      shift += 7;
    }
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
