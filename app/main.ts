// The process: starts the service, stops it on a signal, and ends with a code that means something.
import { type Config, readConfig } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { misspeltSettings } from './config/misspelt.ts';
import { isExpected } from './model/refusal.ts';

/** Exit codes: 0 stopped on a signal, 1 crashed, 78 a setting cannot be used (sysexits.h: EX_CONFIG), 130 a second signal. */
const EXIT_CRASHED = 1;
const EXIT_CONFIG = 78;
const EXIT_IMPATIENT = 130;
/** A second signal ends the process at once, but not one that comes this soon after the first. */
const SAME_SIGNAL_MS = 1_000;
const STACK_LINES_MAX = 7;

/** Runs the service in this process until a signal. Resolves once it accepts requests; every end is an exit of the process. */
export async function run(): Promise<void> {
  // The database, its WAL and its shared memory are for this user alone.
  process.umask(0o077);
  const config = usableConfig();
  // Not before: what is refused is refused sooner, in half the time.
  const { openObservers, startService } = await import('./service.ts');
  const observers = openObservers(config);
  const { events, log } = observers;
  for (const { name, meant } of misspeltSettings()) events.settingUnknown(name, meant);
  let ending = false;
  /** Ends the process once its last line is written. What goes wrong meanwhile changes nothing any more. */
  const end = async (code: number): Promise<void> => {
    if (ending) return;
    ending = true;
    await log.close();
    process.exit(code);
  };
  const crash = (error: unknown): void => {
    events.crashed(error);
    void end(EXIT_CRASHED);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  try {
    const service = await startService(config, observers, crash);
    stopOnSignal((signal) => {
      events.stopping(signal);
      service.stop().then(() => {
        events.stopped();
        return end(0);
      }, crash);
    });
    events.listening(service.url);
  } catch (error) {
    refuseToStart(error);
  }
}

function usableConfig(): Config {
  try {
    return readConfig();
  } catch (error) {
    return refuseToStart(error);
  }
}

/** Calls `stop` on the first SIGTERM or SIGINT. A later one ends the process. */
function stopOnSignal(stop: (signal: string) => void): void {
  let stoppingSinceMs = 0;
  const onSignal = (signal: string): void => {
    if (stoppingSinceMs > 0) {
      // Ctrl-C under npm or make arrives twice, from the terminal and from the parent: that is one signal, not two.
      if (performance.now() - stoppingSinceMs > SAME_SIGNAL_MS) process.exit(EXIT_IMPATIENT);
      return;
    }
    stoppingSinceMs = performance.now();
    stop(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** Says on stderr, in one line of JSON, why the process cannot start; where that is a bug, also where it is. */
function refuseToStart(error: unknown): never {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const line = {
    ts: new Date().toISOString(),
    level: 'ERROR',
    event: 'startup_failed',
    msg: message,
    ...(isExpected(error) ? {} : { stack: stack?.split('\n').slice(1, STACK_LINES_MAX + 1) }),
  };
  process.stderr.write(`${JSON.stringify(line)}\n`);
  process.exit(error instanceof ConfigError ? EXIT_CONFIG : EXIT_CRASHED);
}

// `npm start` runs this file; `oncebox serve` and tests import it, which starts nothing.
if (import.meta.main) await run();
