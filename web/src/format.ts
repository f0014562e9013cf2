// Numbers and times as people read them.
import { LANGUAGE } from './language.ts';

const whole = new Intl.NumberFormat(LANGUAGE);
const short = new Intl.NumberFormat(LANGUAGE, { notation: 'compact', maximumFractionDigits: 1 });
const near = new Intl.DateTimeFormat(LANGUAGE, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const far = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'short' });
const time = new Intl.DateTimeFormat(LANGUAGE, { hour: '2-digit', minute: '2-digit' });
const dayAndYear = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium' });
const day = new Intl.DateTimeFormat(LANGUAGE, { day: 'numeric', month: 'short' });
const month = new Intl.DateTimeFormat(LANGUAGE, { month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'full', timeStyle: 'long' });

export function formatCount(value: number): string {
  return whole.format(value);
}

/** In few characters, such as 1.2M. */
export function formatShort(value: number): string {
  return short.format(value);
}

/** A number a second. */
export function formatRate(value: number): string {
  if (value === 0) return '0/s';
  return value < 10 ? `${value.toFixed(value < 0.1 ? 2 : 1)}/s` : `${short.format(value)}/s`;
}

export function formatMs(value: number): string {
  if (value < 10) return `${value.toFixed(1)} ms`;
  return value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;
}

/** In the viewer's zone: the time where it is of today, else the date and the time. */
export function formatInstant(ts: string): string {
  const date = dateOf(ts);
  if (Number.isNaN(date.getTime())) return ts;
  return isToday(date) ? near.format(date) : far.format(date);
}

/** In the viewer's zone, in the parts that a narrow column puts beneath each other: the date, unless it is today, and the time. */
export function formatInstantParts(ts: string): string[] {
  const date = dateOf(ts);
  if (Number.isNaN(date.getTime())) return [ts];
  return isToday(date) ? [near.format(date)] : [dayAndYear.format(date), time.format(date)];
}

function isToday(date: Date): boolean {
  return date.toDateString() === new Date().toDateString();
}

/** In the viewer's zone, nothing left out. */
export function formatInstantFully(ts: string): string {
  const date = dateOf(ts);
  return Number.isNaN(date.getTime()) ? ts : full.format(date);
}

/** A Date holds milliseconds: what an instant has beyond them is shown from the instant itself. */
function dateOf(ts: string): Date {
  return new Date(ts.replace(/(\.\d{3})\d+Z$/, '$1Z'));
}

/** The start of a bucket of `stepSeconds`, as exact as the bucket is long. */
export function formatBucket(seconds: number, stepSeconds: number): string {
  const date = new Date(seconds * 1_000);
  if (stepSeconds >= 86_400)
    return new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeZone: 'UTC' }).format(date);
  return far.format(date);
}

/** A place on the axis of time whose places are `stepSeconds` apart: a time of day, and the date where a day begins. */
export function formatTick(seconds: number, stepSeconds: number): string {
  const date = new Date(seconds * 1_000);
  if (stepSeconds >= 28 * 86_400) return month.format(date);
  return stepSeconds >= 86_400 || date.getHours() + date.getMinutes() === 0
    ? day.format(date)
    : time.format(date);
}
