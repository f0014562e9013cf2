// Arrays of parameters in PostgreSQL's binary format: nothing to escape, and U+0000 may be part of what is sent.

/** Object ids of the element types (pg_type.dat). */
const OID = { bytea: 17, int8: 20, int4: 23, text: 25 } as const;

/** Returns the array of byte strings; null stays null. */
export function byteaArray(values: readonly (Uint8Array | null)[]): Buffer {
  return variableArray(OID.bytea, values);
}

/** Returns the array of texts; null stays null. PostgreSQL refuses U+0000 in them. */
export function textArray(values: readonly (string | null)[]): Buffer {
  return variableArray(
    OID.text,
    values.map((value) => (value === null ? null : Buffer.from(value))),
  );
}

/** Returns the array of whole numbers within 2^53. */
export function int8Array(values: readonly number[]): Buffer {
  const buffer = header(OID.int8, values.length, values.length * 12, false);
  let at = HEADER_BYTES;
  for (const value of values) {
    at = buffer.writeInt32BE(8, at);
    at = buffer.writeBigInt64BE(BigInt(value), at);
  }
  return buffer;
}

/** Returns the array of whole numbers within 2^31. */
export function int4Array(values: ArrayLike<number>): Buffer {
  const buffer = header(OID.int4, values.length, values.length * 8, false);
  let at = HEADER_BYTES;
  for (let index = 0; index < values.length; index += 1) {
    at = buffer.writeInt32BE(4, at);
    at = buffer.writeInt32BE(values[index] ?? 0, at);
  }
  return buffer;
}

const HEADER_BYTES = 20;

function variableArray(oid: number, values: readonly (Uint8Array | null)[]): Buffer {
  let bytes = 0;
  for (const value of values) bytes += 4 + (value?.length ?? 0);
  const buffer = header(oid, values.length, bytes, values.includes(null));
  let at = HEADER_BYTES;
  for (const value of values) {
    at = buffer.writeInt32BE(value?.length ?? -1, at);
    if (value === null) continue;
    buffer.set(value, at);
    at += value.length;
  }
  return buffer;
}

/** One dimension, counted from 1; none where there are no elements. Returns the header with room for the elements. */
function header(oid: number, elements: number, bytes: number, hasNull: boolean): Buffer {
  const dimensions = elements === 0 ? 0 : 1;
  const buffer = Buffer.allocUnsafe(dimensions === 0 ? 12 : HEADER_BYTES + bytes);
  buffer.writeInt32BE(dimensions, 0);
  buffer.writeInt32BE(hasNull ? 1 : 0, 4);
  buffer.writeInt32BE(oid, 8);
  if (dimensions === 0) return buffer;
  buffer.writeInt32BE(elements, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}
