// The long form of these tests: `npm run torture -- --minutes N` kills the service, cuts its power, breaks its disk and feeds it nonsense.
import { parseArgs } from 'node:util';
import { startService } from '../support/service.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { DISK_FAULTS, surviveFault } from './disk-faults.ts';
import { fuzz } from './fuzz.ts';
import { killRounds } from './kill-rounds.ts';
import { assertSyncedBeforeAnswer, cutPower, recordRun } from './power-cuts.ts';
import { buildShim, Disk } from './shim.ts';

const KILLS_A_LIFE = 12;
const FUZZED_A_LIFE = 30_000;
const LOAD_MS_MAX = 4_000;
const RECORDED_MESSAGES = 300;
const MOMENTS_A_RECORD = 300;
/** Every so many lives a record is long enough for checkpoints beside the writer to be in it. */
const LONG_RECORD_EVERY = 6;
const LONG_RECORDED_MESSAGES = 9_000;
const LONG_MOMENTS = 25;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes must be a number above 0');

const figures = {
  kills: 0,
  killedAcknowledged: 0,
  cuts: 0,
  cutAcknowledged: 0,
  diskFaults: 0,
  fuzzed: 0,
  lost: 0,
  doubled: 0,
};
const endMs = Date.now() + minutes * 60_000;

await inTurn(async (t) => {
  const built = buildShim(t);
  if ('reason' in built) say({ event: 'no_power_cuts', msg: built.reason });
  for (let life = 0; Date.now() < endMs; life += 1) {
    await inTurn(async (own) => {
      const { kills, acknowledged } = await killRounds(own, {
        rounds: KILLS_A_LIFE,
        loadMsMax: LOAD_MS_MAX,
        life: `life${life}`,
      });
      figures.kills += kills;
      figures.killedAcknowledged += acknowledged;
    });
    if ('library' in built) {
      await inTurn((own) => cut(own, built.library, life));
      const faults = Object.values(DISK_FAULTS);
      const fault = faults[life % faults.length];
      if (fault) await inTurn((own) => surviveFault(own, built.library, fault));
      figures.diskFaults += 1;
    }
    await inTurn(async (own) => {
      const service = await startService(own);
      figures.fuzzed += (await fuzz(own, service, FUZZED_A_LIFE)).requests;
      if ((await service.stop()).code !== 0) throw new Error('the fuzzed service ended badly');
      service.output.lines();
    });
    say({ event: 'life', life, ...figures });
  }
});
say({ event: 'done', minutes, ...figures });

async function cut(t: Cleaner, library: string, life: number): Promise<void> {
  const long = life % LONG_RECORD_EVERY === LONG_RECORD_EVERY - 1;
  const disk = new Disk(t, library, temporaryDirectory(t));
  const records = await recordRun(t, disk, long ? LONG_RECORDED_MESSAGES : RECORDED_MESSAGES);
  assertSyncedBeforeAnswer(records);
  const { cuts, acknowledged } = cutPower(t, records, long ? LONG_MOMENTS : MOMENTS_A_RECORD);
  figures.cuts += cuts;
  figures.cutAcknowledged += acknowledged;
}

/** Gives work a place to register what is to be cleaned up, and cleans it up. */
async function inTurn(work: (t: Cleaner) => Promise<void>): Promise<void> {
  const cleanings: (() => Promise<void> | void)[] = [];
  try {
    await work({ after: (clean) => cleanings.push(clean) });
  } finally {
    for (const clean of cleanings.toReversed()) await clean();
  }
}

function say(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
