// A database with messages in it, as a service leaves it behind.
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import type { Environment } from '../support/service.ts';

export interface Filled {
  readonly directory: string;
  readonly path: string;
  /** What the command needs in its environment to find it. */
  readonly env: Environment;
}

/** Stores messages `m0`, `m1`, … through a service, and stops it. */
export async function filled(t: Cleaner, messages: number): Promise<Filled> {
  const service = await startService(t);
  for (let first = 0; first < messages; first += 200) {
    const count = Math.min(200, messages - first);
    await Promise.all(
      Array.from({ length: count }, (_, at) =>
        service.store(
          message({
            message_id: `m${first + at}`,
            from: `+1555${(first + at) % 7}`,
            text: `number ${first + at} of many, ${'padding '.repeat(at % 20)}`,
          }),
        ),
      ),
    );
  }
  await service.stop();
  const path = service.databasePath;
  return { directory: service.directory, path, env: { DATABASE_URL: `sqlite:///${path}` } };
}
