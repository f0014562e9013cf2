// A question that is asked again and again while its view is shown.
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from './api.ts';

export interface Polled<T> {
  /** The last answer; null before the first. */
  readonly data: T | null;
  /** Why the last try failed; null when it did not. */
  readonly error: Error | null;
}

/**
 * Asks at once and then `intervalMs` after each answer, not while the tab is hidden. A change of `key` asks anew;
 * the answer before stays until the next one is there, so that nothing jumps. One that was refused for want of a token is
 * not asked again until then.
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
    const ask = async (): Promise<void> => {
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
      else void ask();
    };
    void ask();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [key, intervalMs]);
  return state;
}
