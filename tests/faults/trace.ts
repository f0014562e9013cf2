// Reads what disk-shim.c has recorded: every write, sync, name and answer, in their order.
import { readFileSync } from 'node:fs';

/** The parts of a database that are told apart, by the numbers that the shim gives them. 16 is any directory above. */
export const FILES = {
  1: 'app.db',
  2: 'app.db-wal',
  4: 'app.db-journal',
  8: '',
  16: '..',
  32: 'app.db-index',
  64: 'app.db-index-wal',
  128: 'app.db-index-journal',
} as const;
export type FileNumber = keyof typeof FILES;

const HEADER_BYTES = 24;
const KINDS = ['write', 'syncBegin', 'syncEnd', 'truncate', 'create', 'unlink', 'answer'] as const;

export interface TraceRecord {
  readonly kind: (typeof KINDS)[number];
  readonly file: FileNumber;
  /** Where a write begins, how long a file becomes, or which sync this is. */
  readonly offset: number;
  readonly data: Buffer;
  /** Why a sync failed; 0 when it did not. */
  readonly error: number;
}

/** Reads a whole record. One that was cut off by a kill ends it. */
export function readTrace(path: string): TraceRecord[] {
  const bytes = readFileSync(path);
  const records: TraceRecord[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const kind = KINDS[bytes.readUInt32LE(at) - 1];
    if (kind === undefined) throw new Error(`no such record at byte ${at} of ${path}`);
    const end = at + HEADER_BYTES + bytes.readUInt32LE(at + 16);
    if (end > bytes.length) break;
    records.push({
      kind,
      file: bytes.readUInt32LE(at + 4) as FileNumber,
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      data: bytes.subarray(at + HEADER_BYTES, end),
      error: bytes.readInt32LE(at + 20),
    });
    at = end;
  }
  return records;
}

/** The ids that an answer acknowledges: `X-Request-ID` of each 200 in it, as posts of load.ts carry them. */
export function acknowledgedIn(answer: Buffer, prefix: string): string[] {
  const ids: string[] = [];
  for (const part of answer.toString('latin1').split(/(?=HTTP\/1\.1 [0-9]{3} )/)) {
    if (!part.startsWith('HTTP/1.1 200 ')) continue;
    const id = /\r\nX-Request-ID: (\S+)\r\n/.exec(part)?.[1];
    if (id?.startsWith(prefix)) ids.push(id);
  }
  return ids;
}
