// The rows of a filtered list for a view: opened, counted anew every few seconds, and opened again on demand.
import { useEffect, useRef, useState } from 'preact/hooks';
import { getPage, type Message } from './api.ts';
import { RowWindow } from './row-window.ts';

const COUNT_INTERVAL_MS = 5_000;

export interface Rows {
  /** The filters that these rows match: while others are on their way, still those before. */
  readonly filters: string;
  /** Another number for each list that was opened. */
  readonly opened: number;
  /** Whether another list is on its way. */
  readonly opening: boolean;
  readonly total: number | null;
  readonly added: number;
  readonly error: Error | null;
  readonly at: (index: number) => Message | null;
  readonly want: (first: number, last: number) => void;
  /** Opens the list anew, with what has come since. */
  readonly reload: () => void;
}

/** The messages that match `filters`, a query string. The list before stays until the next one is there. */
export function useRows(filters: string): Rows {
  const [version, setVersion] = useState(0);
  const [, redraw] = useState(0);
  const shown = useRef<{ list: RowWindow; opened: number; version: number } | null>(null);
  useEffect(() => {
    const next = new RowWindow(filters, getPage, () => redraw((before) => before + 1));
    let given = false;
    const open = async (): Promise<void> => {
      await next.open();
      if (given) return;
      shown.current?.list.close();
      shown.current = { list: next, opened: (shown.current?.opened ?? 0) + 1, version };
      redraw((before) => before + 1);
    };
    void open();
    // A search is too dear to be asked again and again.
    const counted = !new URLSearchParams(filters).has('q');
    const timer = setInterval(() => {
      if (counted && !document.hidden) void next.count();
    }, COUNT_INTERVAL_MS);
    return () => {
      given = true;
      clearInterval(timer);
      if (shown.current?.list !== next) next.close();
    };
  }, [filters, version]);
  useEffect(() => () => shown.current?.list.close(), []);
  const list = shown.current?.list;
  return {
    filters: list?.filters ?? filters,
    opened: shown.current?.opened ?? 0,
    opening: list?.filters !== filters || shown.current?.version !== version,
    total: list?.total ?? null,
    added: list?.added ?? 0,
    error: list?.error ?? null,
    at: (index) => list?.at(index) ?? null,
    want: (first, last) => list?.want(first, last),
    reload: () => setVersion((before) => before + 1),
  };
}
