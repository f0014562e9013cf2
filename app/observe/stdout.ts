// Standard output for lines: a reader that has stopped holds up neither the caller nor the end of the process.
import { constants, fstatSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import { destination } from 'pino';

const STDOUT = 1;
/** How long the end of the process waits for a reader to take the last lines. */
const CLOSE_MS_MAX = 3_000;
/** Bytes that may wait for a reader that has stopped reading; over it lines are dropped and counted. */
const BUFFER_BYTES_MAX = 16 * 1_048_576;

export interface Stdout {
  /** Takes whole lines and never waits. */
  write(lines: string): void;
  /** Lines dropped since the start, because they were not read. */
  readonly droppedLines: number;
  /** Nothing is written after this. Resolves when the last line is written, or when the reader takes too long. Used at the end of the process. */
  close(): Promise<void>;
}

export function openStdout(): Stdout {
  const stat = fstatSync(STDOUT);
  return stat.isFIFO() || stat.isSocket() ? new PipeOutput() : new FileOutput();
}

/**
 * A pipe or a socket, written without waiting in any thread: a thread that waits in write(2) for a reader could not be
 * ended, and the process waits for all of its threads when it exits.
 */
class PipeOutput implements Stdout {
  droppedLines = 0;
  readonly #stream = process.stdout;

  constructor() {
    // A closed pipe must not end the service.
    this.#stream.on('error', () => {
      this.droppedLines += 1;
    });
  }

  write(lines: string): void {
    if (this.#stream.writableLength + lines.length > BUFFER_BYTES_MAX)
      this.droppedLines += countLines(lines);
    else this.#stream.write(lines);
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_MS_MAX);
    // Called when everything before it is written, and also when that fails.
    this.#stream.write('', () => resolve());
    await promise;
    clearTimeout(timer);
  }
}

/** A file or a terminal, written by another thread: a disk may take its time. */
class FileOutput implements Stdout {
  droppedLines = 0;
  readonly #stream: ReturnType<typeof destination>;

  constructor() {
    const fd = isatty(STDOUT) ? terminal() : STDOUT;
    // Comes before the listener of the stream, which would try again for ever to write what a terminal does not take.
    if (fd !== STDOUT) process.once('exit', () => this.#stream.destroy());
    this.#stream = destination({ fd, sync: false, maxLength: BUFFER_BYTES_MAX });
    this.#stream.on('drop', (lines: string) => {
      this.droppedLines += countLines(lines);
    });
    // A full disk must not end the service.
    this.#stream.on('error', () => {
      this.droppedLines += 1;
    });
  }

  write(lines: string): void {
    this.#stream.write(lines);
  }

  /** Not by `flushSync`: it does not wait for the write in flight, whose lines would then come late, or never. */
  async close(): Promise<void> {
    const stream = this.#stream;
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.once('close', resolve);
    stream.once('error', () => resolve());
    const timer = setTimeout(resolve, CLOSE_MS_MAX);
    try {
      stream.end();
      await promise;
    } catch {
      // The stream has ended already, so there is nowhere to report it.
    }
    clearTimeout(timer);
  }
}

/** Returns a descriptor of the terminal whose writes do not block: on a stopped terminal (Ctrl-S) those of stdout do. */
function terminal(): number {
  try {
    return openSync(
      `/proc/self/fd/${STDOUT}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch {
    return STDOUT;
  }
}

function countLines(lines: string): number {
  return lines.split('\n').length - 1;
}
