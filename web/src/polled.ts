// A request that is repeated while its view is shown.
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from './api.ts';

export interface Polled<T> {
  /** The last response; null before the first. */
  readonly data: T | null;
  /** Why the last request failed; null when it did not. */
  readonly error: Error | null;
}

/**
 * Calls `load` at once and then `intervalMs` after each response, not while the tab is hidden. A change of `key` starts
 * over; the old data stays until the new arrives, so that the layout does not move. After a 401 there is no further request
 * until `key` changes.
 */
export function usePolled<T>(
  key: string,
  intervalMs: number,
  load: (signal: AbortSignal) => Promise<T>,
): Polled<T> {
  const [state, setState] = useState<Polled<T>>({ data: null, error: null });
  useEffect(() => {
    const ended = new AbortController();
    let timer = 0;
    const request = async (): Promise<void> => {
      try {
        const data = await load(ended.signal);
        setState({ data, error: null });
      } catch (error) {
        if (ended.signal.aborted) return;
        setState((before) => ({ data: before.data, error: error as Error }));
        if (error instanceof ApiError && error.status === 401) return;
      }
      if (!ended.signal.aborted) timer = window.setTimeout(tick, intervalMs);
    };
    const tick = (): void => {
      if (document.hidden) timer = window.setTimeout(tick, intervalMs);
      else void request();
    };
    void request();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [key, intervalMs]);
  return state;
}
