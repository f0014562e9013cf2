// `npm run bench:dashboard`: the dashboard in a real browser on a million messages: how soon, how smooth, how much memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';
import { openWindow, startBrowser } from '../tests/support/browser.ts';
import { caughtUp } from './backlog.ts';
import { copyTable, filledTable } from './fill.ts';
import { type Watched, dragTo, observe, wheel } from './in-page.ts';
import { runPaced } from './paced.ts';
import { printTable, progress, readNumbers, readOptions, shown, writeResults } from './report.ts';
import { startService } from './server.ts';

const MIB = 1_048_576;
const JUMPS = 20;
const SAMPLE_SECONDS = 15;

const options = readOptions({ size: '1000000', rate: '500', minutes: '10' });
const [size = 0] = readNumbers(options.size);
const [rate = 0] = readNumbers(options.rate);
const minutes = Number(options.minutes);
const directory = mkdtempSync(join(tmpdir(), 'oncebox-bench-run-'));
const cleaning: (() => Promise<void> | void)[] = [
  () => rmSync(directory, { recursive: true, force: true }),
];
const cleaner = { after: (clean: () => Promise<void> | void) => void cleaning.push(clean) };

const databasePath = join(directory, 'app.db');
copyTable(filledTable(size).path, databasePath);
const server = await startService(databasePath, 'null');
cleaner.after(() => server.stop());
await caughtUp(server.url);
const browser = await startBrowser(cleaner);
try {
  const overviewMs = await measureOverview();
  const jumps = await measureJumps();
  const live = await measureLive();
  report(overviewMs, jumps, live);
} finally {
  for (const clean of cleaning.toReversed()) await clean();
}

/** Opens the overview a few times in windows without a cache: from the address to the figures and bars on the screen. */
async function measureOverview(): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const window = await openWindow(cleaner, browser, 'about:blank');
    const startMs = performance.now();
    await window.page.goto(`${server.url}/`);
    await window.page
      .getByRole('region', { name: 'Messages', exact: true })
      .getByText(size.toLocaleString('en'))
      .waitFor();
    await window.page.getByRole('img', { name: /messages, at most/ }).waitFor();
    times.push(performance.now() - startMs);
    await window.page.context().close();
  }
  progress(`overview: ${times.map((ms) => shown(ms)).join(', ')} ms`);
  return times;
}

interface Jumps {
  /** From the request to the first byte of its answer, as the browser saw it. */
  readonly server_ms: number[];
  /** From the scrollbar's movement to the rows on the screen; 60 ms of it wait for the scrollbar to stand still. */
  readonly seen_ms: number[];
  readonly fine_px: number;
}

/** Drags the scrollbar to places all over the list. */
async function measureJumps(): Promise<Jumps> {
  const { page } = await openWindow(cleaner, browser, `${server.url}/#/messages`);
  await page.getByText(`${size.toLocaleString('en')} messages`).waitFor();
  const server_ms: number[] = [];
  page.on('requestfinished', (request) => {
    const { requestStart, responseStart } = request.timing();
    if (request.url().includes('offset=')) server_ms.push(responseStart - requestStart);
  });
  const seen_ms: number[] = [];
  for (let jump = 0; jump < JUMPS; jump += 1) {
    // The middle first; then here and there.
    const share = (0.5 + jump * 0.381_966) % 1;
    const seenMs: number = await page.evaluate(`(${dragTo})(${share})`);
    seen_ms.push(seenMs);
    await sleep(200);
  }
  const fine_px: number = await page.evaluate(`(${wheel})()`);
  await page.context().close();
  progress(`jumps: at most ${shown(Math.max(...server_ms))} ms at the server`);
  return { server_ms, seen_ms, fine_px };
}

interface Live {
  readonly sent: number;
  readonly seconds: number;
  readonly shown: number;
  readonly long_tasks: number;
  readonly long_task_ms_max: number;
  readonly frames_per_second: number;
  readonly frame_ms_max: number;
  readonly heap_mib: number[];
}

/** Keeps the live tail open while messages arrive at a steady rate. */
async function measureLive(): Promise<Live> {
  const { page } = await openWindow(cleaner, browser, `${server.url}/#/live`);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  await page.getByText('Live', { exact: true }).nth(1).waitFor();
  await page.evaluate(`(${observe})()`);
  const heap_mib = [await heapMib(cdp)];
  const seconds = minutes * 60;
  const load = runPaced(server.url, rate, seconds);
  for (let at = SAMPLE_SECONDS; at <= seconds; at += SAMPLE_SECONDS) {
    await sleep(SAMPLE_SECONDS * 1_000);
    heap_mib.push(await heapMib(cdp));
    progress(`live for ${at} s: heap ${heap_mib.at(-1)?.toFixed(2)} MiB`);
  }
  const sent = await load;
  const watched: Watched = await page.evaluate('window.watched');
  const frames = Math.max(1, watched.frames);
  return {
    sent,
    seconds,
    shown: await shownCount(page, sent),
    long_tasks: watched.longTasks.length,
    long_task_ms_max: Math.max(0, ...watched.longTasks),
    frames_per_second: frames / (watched.lastMs / 1_000),
    frame_ms_max: watched.frameMsMax,
    heap_mib,
  };
}

/** What the page holds once all that can be collected has been. */
async function heapMib(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN) / MIB;
}

/** Waits until the page says that it has had as many as were sent, and returns what it says in the end. */
async function shownCount(page: Page, sent: number): Promise<number> {
  let count = 0;
  for (let wait = 0; wait < 50 && count < sent; wait += 1) {
    const note = (await page.locator('.live-note').textContent()) ?? '';
    count = Number((/^[0-9,]+/.exec(note)?.[0] ?? '0').replaceAll(',', ''));
    await sleep(100);
  }
  return count;
}

function report(overviewMs: number[], jumps: Jumps, live: Live): void {
  const first = live.heap_mib[1] ?? Number.NaN;
  const last = live.heap_mib.at(-1) ?? Number.NaN;
  const most = (values: readonly number[]): string => shown(Math.max(...values));
  printTable(
    `The dashboard on ${size.toLocaleString('en')} messages`,
    ['figure', 'value'],
    [
      ['overview usable, ms, the slowest of 5', most(overviewMs)],
      [
        `a jump, time of the server, ms, the slowest of ${jumps.server_ms.length}`,
        most(jumps.server_ms),
      ],
      ['a jump, until its rows are seen, ms, the slowest', most(jumps.seen_ms)],
      ['3,600 px of small movements in the list, off by px', shown(jumps.fine_px)],
      [`messages in the live tail of ${live.seconds} s, sent`, String(live.sent)],
      ['  shown', String(live.shown)],
      ['  tasks over 50 ms', String(live.long_tasks)],
      ['  the longest, ms', shown(live.long_task_ms_max)],
      ['  frames a second', shown(live.frames_per_second)],
      ['  the longest frame, ms', shown(live.frame_ms_max)],
      [`  heap after ${SAMPLE_SECONDS} s, MiB`, shown(first)],
      ['  heap at the end, MiB', shown(last)],
      ['  heap at most, MiB', most(live.heap_mib)],
    ],
  );
  const figures = { size, rate, overview_ms: overviewMs, jumps, live };
  process.stdout.write(`\n${writeResults('dashboard', figures)}\n`);
}
