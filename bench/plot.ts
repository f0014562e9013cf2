// Draws the figures as SVG files under docs/images/, without a library.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));
const WIDTH = 760;
const HEIGHT = 420;
const LEFT = 70;
const RIGHT = 190;
const TOP = 50;
const BOTTOM = 50;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
/** Colours that stay apart for colour-blind readers (Okabe and Ito). */
const COLOURS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#000000',
  '#999999',
  '#7a5195',
];

/** One line of the plot of reads: p50 in milliseconds at each size of the table. */
export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly rows: number; readonly ms: number }[];
}

/** Draws docs/images/throughput.svg: requests a second as a share of the durable floor's, a bar for each number of connections. */
export function drawThroughput(
  bars: readonly { readonly connections: number; readonly ratio: number }[],
): void {
  const y = (ratio: number): number => TOP + PLOT_HEIGHT * (1 - ratio);
  const slot = PLOT_WIDTH / bars.length;
  const parts = [0, 0.2, 0.4, 0.6, 0.8, 1].map((ratio) => ruler(y(ratio), ratio.toFixed(1)));
  for (const [index, { connections, ratio }] of bars.entries()) {
    const x = LEFT + slot * (index + 0.25);
    parts.push(
      `<rect x="${x}" y="${y(ratio).toFixed(1)}" width="${slot / 2}" height="${(PLOT_HEIGHT * ratio).toFixed(1)}" fill="${COLOURS[0]}"/>`,
      label(x + slot / 4, y(ratio) - 6, ratio.toFixed(2), 'middle'),
      label(x + slot / 4, HEIGHT - BOTTOM + 20, `${connections} connections`, 'middle'),
    );
  }
  write('throughput.svg', 'Requests a second as a share of the durable floor', parts);
}

/** Draws docs/images/reads.svg: the p50 of each kind of read against the size of the table, both axes logarithmic. */
export function drawReads(curves: readonly Curve[]): void {
  const points = curves.flatMap((curve) => curve.points);
  const logRows = points.map(({ rows }) => Math.log10(rows));
  const decades = (values: readonly number[]): [number, number] => {
    const low = Math.floor(Math.min(...values));
    return [low, Math.max(low + 1, Math.ceil(Math.max(...values)))];
  };
  const [left, right] = decades(logRows);
  const [bottom, top] = decades(points.map(({ ms }) => Math.log10(ms)));
  const x = (rows: number): number =>
    LEFT + (PLOT_WIDTH * (Math.log10(rows) - left)) / (right - left);
  const y = (ms: number): number =>
    TOP + PLOT_HEIGHT * (1 - (Math.log10(ms) - bottom) / (top - bottom));
  const parts: string[] = [];
  for (let power = bottom; power <= top; power += 1)
    parts.push(ruler(y(10 ** power), `${10 ** power} ms`));
  for (let power = left; power <= right; power += 1) {
    parts.push(
      label(x(10 ** power), HEIGHT - BOTTOM + 20, (10 ** power).toLocaleString('en'), 'middle'),
    );
  }
  for (const [index, curve] of curves.entries()) {
    const colour = COLOURS[index % COLOURS.length] ?? '';
    const line = curve.points.map(({ rows, ms }) => `${x(rows).toFixed(1)},${y(ms).toFixed(1)}`);
    const legendY = TOP + 12 + index * 20;
    parts.push(
      `<polyline points="${line.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...line.map(
        (point) => `<circle cx="${point.replace(',', '" cy="')}" r="3" fill="${colour}"/>`,
      ),
      `<rect x="${WIDTH - RIGHT + 16}" y="${legendY - 9}" width="12" height="4" fill="${colour}"/>`,
      label(WIDTH - RIGHT + 34, legendY - 3, curve.name, 'start'),
    );
  }
  write('reads.svg', 'Time of a read (p50) against messages in the table', parts);
}

function ruler(y: number, text: string): string {
  return (
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="#dddddd"/>` +
    label(LEFT - 8, y + 4, text, 'end')
  );
}

function label(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end'): string {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${safe}</text>`;
}

function write(name: string, title: string, parts: readonly string[]): void {
  mkdirSync(IMAGES, { recursive: true });
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#222222" role="img" aria-label="${title}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="26" font-size="15">${title}</text>`,
    ...parts,
    '</svg>',
  ];
  writeFileSync(join(IMAGES, name), `${svg.join('\n')}\n`);
}
