// A disk that records and fails on demand: builds disk-shim.c where there is a compiler, and steers it.
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import type { Environment } from '../support/service.ts';

/** The numbers of the struct `control` in disk-shim.c, four bytes each. */
const FIELDS = ['operations', 'files', 'error', 'skip', 'times', 'syncDelayMs', 'hits', 'kill'];
const OPERATIONS = { write: 1, sync: 2, open: 4, truncate: 8, read: 16 } as const;
const FILES = {
  database: 1,
  wal: 2,
  journal: 4,
  directory: 8,
  index: 32,
  indexWal: 64,
  indexJournal: 128,
} as const;

type Operation = keyof typeof OPERATIONS;

export interface Fault {
  readonly operations: readonly Operation[];
  /** The files it concerns; all of them unless given. */
  readonly files?: readonly (keyof typeof FILES)[];
  readonly error: 'EIO' | 'ENOSPC' | 'EDQUOT';
  /** How many such operations succeed before the first one fails. */
  readonly skip?: number;
  /** How many fail; without end unless given. */
  readonly times?: number;
  /** The process is killed at that point instead. */
  readonly kill?: boolean;
}

/**
 * Builds a library to be loaded before the C library. Returns its path, or the reason why there is none: the machine has
 * no C compiler, or it is not Linux with the C library of GNU that the sources are written for.
 */
export function buildShim(
  t: Cleaner,
  source: 'disk-shim.c' | 'clock-shim.c' = 'disk-shim.c',
): { library: string } | { reason: string } {
  if (process.platform !== 'linux') return { reason: `${source} is written for Linux` };
  const library = join(temporaryDirectory(t), `${source}.so`);
  const path = fileURLToPath(new URL(source, import.meta.url));
  const args = ['-O2', '-shared', '-fPIC', '-o', library, path, '-ldl', '-lpthread'];
  const { status, stderr, error } = spawnSync('cc', args, { encoding: 'utf8' });
  if (error) return { reason: `no C compiler (cc) to build ${source} with` };
  return status === 0 ? { library } : { reason: `${source} does not build here: ${stderr}` };
}

/** One disk: the directory it watches, where its record goes, and the faults it has now. */
export class Disk {
  readonly directory: string;
  readonly tracePath: string;
  readonly #library: string;
  readonly #controlPath: string;
  readonly #control: number;

  constructor(t: Cleaner, library: string, directory: string) {
    const own = temporaryDirectory(t);
    this.directory = directory;
    this.tracePath = join(own, 'trace');
    this.#library = library;
    this.#controlPath = join(own, 'control');
    this.#control = openSync(this.#controlPath, 'w+');
    ftruncateSync(this.#control, FIELDS.length * 4);
    t.after(() => closeSync(this.#control));
  }

  /** What the process that is to use this disk needs in its environment. */
  env(options: { trace: boolean }): Environment {
    return {
      LD_PRELOAD: this.#library,
      FAULTS_DIR: this.directory,
      FAULTS_CONTROL: this.#controlPath,
      ...(options.trace ? { FAULTS_TRACE: this.tracePath } : {}),
    };
  }

  /** From now on operations fail as told; the faults before it end. */
  fail(fault: Fault): void {
    const { operations, files = Object.keys(FILES) as (keyof typeof FILES)[] } = fault;
    this.heal();
    this.#set(
      'files',
      files.reduce((mask, name) => mask | FILES[name], 0),
    );
    this.#set('error', constants.errno[fault.error]);
    this.#set('skip', fault.skip ?? 0);
    this.#set('times', fault.times ?? -1);
    this.#set('kill', fault.kill === true ? 1 : 0);
    // Last, as it is what switches the fault on.
    this.#set(
      'operations',
      operations.reduce((mask, name) => mask | OPERATIONS[name], 0),
    );
  }

  /** From now on nothing fails. */
  heal(): void {
    this.#set('operations', 0);
  }

  /** From now on each sync takes at least this long. */
  slowDown(syncDelayMs: number): void {
    this.#set('syncDelayMs', syncDelayMs);
  }

  /** How many operations have failed so far. */
  get hits(): number {
    const bytes = Buffer.alloc(4);
    readSync(this.#control, bytes, 0, 4, FIELDS.indexOf('hits') * 4);
    return bytes.readInt32LE();
  }

  #set(field: string, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    writeSync(this.#control, bytes, 0, 4, FIELDS.indexOf(field) * 4);
  }
}
