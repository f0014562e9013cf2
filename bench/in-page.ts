// What the benchmark of the dashboard runs in the page itself, as text.

/** Moves the scrollbar, and returns the milliseconds until all rows in sight have come. */
export const dragTo = `async (share) => {
  const list = document.querySelector('.list');
  const startMs = performance.now();
  list.scrollTop = share * (list.scrollHeight - list.clientHeight);
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  while (document.querySelector('.row-waiting') !== null) await new Promise(requestAnimationFrame);
  return performance.now() - startMs;
}`;

/** Scrolls on by 30 px a frame for two seconds, and returns how far the rows have moved less how far they should. */
export const wheel = `async () => {
  const list = document.querySelector('.list');
  const place = () => {
    const row = document.querySelector('.row');
    return Number(row.ariaPosInSet) * row.offsetHeight - row.getBoundingClientRect().top;
  };
  const start = place();
  for (let frame = 0; frame < 120; frame += 1) {
    list.scrollTop += 30;
    await new Promise(requestAnimationFrame);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  return place() - start - 120 * 30;
}`;

/** Counts tasks over 50 ms and frames. */
export const observe = `() => {
  const watched = { longTasks: [], frames: 0, lastMs: 0, frameMsMax: 0 };
  window.watched = watched;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) watched.longTasks.push(duration);
  }).observe({ type: 'longtask' });
  const startMs = performance.now();
  const frame = (atMs) => {
    watched.frames += 1;
    watched.frameMsMax = Math.max(watched.frameMsMax, atMs - startMs - watched.lastMs);
    watched.lastMs = atMs - startMs;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}`;

/** What `observe` has seen. */
export interface Watched {
  readonly longTasks: number[];
  readonly frames: number;
  readonly lastMs: number;
  readonly frameMsMax: number;
}
