// The log: one JSON object a line on stdout, and nothing else there.
import { type DestinationStream, type Logger, pino } from 'pino';
import type { EventLog } from './event-lines.ts';
import { type EndedRequest, requestLine, severityOf } from './request-line.ts';
import { openStdout } from './stdout.ts';

/** Levels by the names that the log shows. */
const LEVELS = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error' } as const;
const LABELS: Readonly<Record<string, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'ERROR',
};

/** Lines are handed to the stream when they are this long together, or at the end of the iteration of the event loop. */
const HANDOVER_UNITS = 8_192;

export interface Log {
  /** For everything but requests. */
  readonly logger: EventLog;
  /** Writes the line of a request that has ended. */
  readonly request: (ended: EndedRequest) => void;
  /** Lines dropped because stdout is not read. */
  readonly droppedLines: () => number;
  /** Discards later lines. Resolves when the last one is written, or when the reader takes too long. Used at the end of the process. */
  readonly close: () => Promise<void>;
}

/**
 * Lines on their way to the stream. With each write it measures, and so copies together, what waits in it already: line by
 * line that cost more than all the rest of writing them.
 */
class Lines implements DestinationStream {
  readonly #stream: DestinationStream;
  #pending = '';
  #immediate: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(stream: DestinationStream) {
    this.#stream = stream;
  }

  write(line: string): void {
    if (this.#closed) return;
    this.#pending += line;
    if (this.#pending.length >= HANDOVER_UNITS) this.flush();
    else this.#immediate ??= setImmediate(() => this.flush());
  }

  /** Hands over what is there. Lines after the end, as of a connection that is cut off then, are discarded. */
  close(): void {
    this.flush();
    this.#closed = true;
  }

  flush(): void {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    const lines = this.#pending;
    this.#pending = '';
    if (lines !== '') this.#stream.write(lines);
  }
}

/** Opens the log on stdout. Lines are written as soon as the previous write is done, so that the caller never waits. */
export function openLog(level: keyof typeof LEVELS): Log {
  const stdout = openStdout();
  const lines = new Lines(stdout);
  const logger = createLogger(level, lines);
  return {
    logger,
    request: (ended) => {
      const severity = severityOf(ended);
      if (logger.isLevelEnabled(LEVELS[severity])) {
        lines.write(requestLine(ended, severity, timestamp()));
      }
    },
    droppedLines: () => stdout.droppedLines,
    close: () => {
      lines.close();
      return stdout.close();
    },
  };
}

let stampMs = 0;
let stamp = '';

/** Returns the server's time as ISO 8601. Formatted once for each millisecond, not for each line. */
function timestamp(): string {
  const now = Date.now();
  if (now !== stampMs) {
    stampMs = now;
    stamp = new Date(now).toISOString();
  }
  return stamp;
}

function createLogger(level: keyof typeof LEVELS, stream: DestinationStream): Logger {
  return pino(
    {
      level: LEVELS[level],
      base: null,
      timestamp: () => `,"ts":"${timestamp()}"`,
      formatters: { level: (label) => ({ level: LABELS[label] ?? label }) },
    },
    stream,
  );
}
