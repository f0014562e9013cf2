// A process that outlives the tests by a moment: it kills the processes they leave behind when they are killed themselves.
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** Reads `+ pid` and `- pid`, and kills what is left at the end of the input, which comes when the tests are gone, however they went. */
const WATCH = `
  held=' '
  while read -r sign pid; do
    if [ "$sign" = + ]; then held="$held$pid "
    else held="\${held%% $pid *} \${held#* $pid }"
    fi
  done
  kill -9 $held 2>/dev/null
`;

let input: Socket | undefined;

/** Sees to it that the process is dead when this one is, also when this one gets SIGKILL. */
export function hold(pid: number): void {
  tell(`+ ${pid}\n`);
}

/** The process has ended: its number may soon be another's. */
export function release(pid: number): void {
  tell(`- ${pid}\n`);
}

function tell(line: string): void {
  input ??= startWatch();
  input.write(line);
}

/** In a session of its own, so that Ctrl-C does not end it before its work; nothing here waits for it. */
function startWatch(): Socket {
  const watch = spawn('sh', ['-c', WATCH], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell there is nobody to watch: the usual ends of a test still clean up.
  watch.on('error', () => undefined);
  watch.unref();
  const socket = watch.stdin as Socket;
  socket.on('error', () => undefined);
  socket.unref();
  return socket;
}
