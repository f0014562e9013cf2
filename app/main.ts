// The process: starts the service, stops it on a signal, and ends with a code that means something.
import { type Config, readConfig } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { misspeltSettings } from './config/misspelt.ts';
import { StartError, openObservers, startService } from './service.ts';

/** Exit codes: 0 stopped as told, 1 crashed, 78 a setting cannot be used (sysexits.h: EX_CONFIG), 130 a second signal. */
const EXIT_CRASHED = 1;
const EXIT_CONFIG = 78;
const EXIT_IMPATIENT = 130;
/** A second signal ends the process at once, but not one that comes this soon after the first. */
const SAME_SIGNAL_MS = 1_000;
const STACK_LINES_MAX = 7;

// The database, its WAL and its shared memory are for this user alone.
process.umask(0o077);

let config: Config;
try {
  config = readConfig();
} catch (error) {
  refuseToStart(error);
}
const observers = openObservers(config);
const { events, log } = observers;
for (const { name, meant } of misspeltSettings()) events.settingUnknown(name, meant);
let ending = false;
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);

try {
  const service = await startService(config, observers, crash);
  let stoppingSinceMs = 0;
  const stop = (signal: string): void => {
    if (stoppingSinceMs > 0) {
      // Ctrl-C under npm or make arrives twice, from the terminal and from the parent: that is one wish, not two.
      if (performance.now() - stoppingSinceMs > SAME_SIGNAL_MS) process.exit(EXIT_IMPATIENT);
      return;
    }
    stoppingSinceMs = performance.now();
    events.stopping(signal);
    service.stop().then(() => {
      events.stopped();
      return end(0);
    }, crash);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  events.listening(service.url);
} catch (error) {
  refuseToStart(error);
}

function crash(error: unknown): void {
  events.crashed(error);
  void end(EXIT_CRASHED);
}

/** Ends the process once its last line is written. What goes wrong meanwhile changes nothing any more. */
async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  await log.close();
  process.exit(code);
}

/** Says on stderr, in one line of JSON, why the process cannot start; where that is a bug, also where it is. */
function refuseToStart(error: unknown): never {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const isExpected = error instanceof ConfigError || error instanceof StartError;
  const line = {
    ts: new Date().toISOString(),
    level: 'ERROR',
    event: 'startup_failed',
    msg: message,
    ...(isExpected ? {} : { stack: stack?.split('\n').slice(1, STACK_LINES_MAX + 1) }),
  };
  process.stderr.write(`${JSON.stringify(line)}\n`);
  process.exit(error instanceof ConfigError ? EXIT_CONFIG : EXIT_CRASHED);
}
