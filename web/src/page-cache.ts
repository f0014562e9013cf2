// The rows of a filtered list, fetched by the page as they come into sight, newest first.
import { useEffect, useRef, useState } from 'preact/hooks';
import { getPage, type Message } from './api.ts';

const PAGE_ROWS = 100;
const PAGES_KEPT = 60;
/** While someone drags the scrollbar, only where they stop is fetched. */
const SETTLE_MS = 40;

export interface Rows {
  /** Rows of the list; null until the first answer. */
  readonly total: number | null;
  /** Rows that were added since the list was fetched. */
  readonly added: number;
  readonly error: Error | null;
  /** The row at a place; null while it is on its way. */
  readonly at: (index: number) => Message | null;
  readonly want: (first: number, last: number) => void;
  /** Fetches everything anew. */
  readonly reload: () => void;
}

/**
 * The messages that match `filters`. The API lists the oldest first, so the newest is read from the end of the list as it
 * was at first: what arrives later does not move the rows, it is counted in `added`.
 */
export function useRows(filters: string): Rows {
  const [version, setVersion] = useState(0);
  const [total, setTotal] = useState<number | null>(null);
  const [added, setAdded] = useState(0);
  const [error, setError] = useState<Error | null>(null);
  const [, redraw] = useState(0);
  const pages = useRef(new Map<number, readonly Message[]>());
  const asked = useRef(new Set<number>());
  const ended = useRef(new AbortController());
  const timer = useRef(0);
  const wanted = useRef<readonly [number, number]>([0, 0]);

  useEffect(() => {
    ended.current = new AbortController();
    pages.current = new Map();
    asked.current = new Set();
    setError(null);
    const { signal } = ended.current;
    const query = new URLSearchParams(filters);
    query.set('limit', '1');
    const begin = async (): Promise<void> => {
      try {
        const page = await getPage(query, signal);
        setTotal(page.total);
        setAdded(0);
        await fetchWanted(page.total);
      } catch (reason) {
        if (!signal.aborted) setError(reason as Error);
      }
    };
    void begin();
    return () => {
      ended.current.abort();
      clearTimeout(timer.current);
    };
  }, [filters, version]);

  const fetchPage = async (page: number, of: number): Promise<void> => {
    const { signal } = ended.current;
    const end = of - page * PAGE_ROWS;
    const offset = Math.max(0, end - PAGE_ROWS);
    const query = new URLSearchParams(filters);
    query.set('offset', String(offset));
    query.set('limit', String(end - offset));
    asked.current.add(page);
    try {
      const answer = await getPage(query, signal);
      pages.current.set(page, answer.data.toReversed());
      for (const old of pages.current.keys()) {
        if (pages.current.size <= PAGES_KEPT) break;
        pages.current.delete(old);
      }
      setAdded(Math.max(0, answer.total - of));
      setError(null);
      redraw((before) => before + 1);
    } catch (reason) {
      if (!signal.aborted) setError(reason as Error);
    } finally {
      asked.current.delete(page);
    }
  };

  const fetchWanted = async (of: number): Promise<void> => {
    const [first, last] = wanted.current;
    const from = Math.floor(first / PAGE_ROWS);
    const to = Math.floor(Math.min(last, of - 1) / PAGE_ROWS);
    for (let page = from; page <= to; page += 1)
      if (!pages.current.has(page) && !asked.current.has(page)) await fetchPage(page, of);
  };

  return {
    total,
    added,
    error,
    at: (index) => pages.current.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS] ?? null,
    want: (first, last) => {
      wanted.current = [first, last];
      clearTimeout(timer.current);
      if (total !== null)
        timer.current = window.setTimeout(() => void fetchWanted(total), SETTLE_MS);
    },
    reload: () => setVersion((before) => before + 1),
  };
}
