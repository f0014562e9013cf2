// The view that is shown and its parameters, kept in the part of the URL after `#`.
import { useEffect, useState } from 'preact/hooks';

export interface Route {
  /** Such as `messages`; empty for the overview. */
  readonly view: string;
  readonly parameters: URLSearchParams;
}

/** The address of a view. Parameters that are empty are left out. */
export function hrefOf(view: string, parameters: Readonly<Record<string, string>> = {}): string {
  const kept = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== ''));
  const query = kept.toString();
  return `#/${view}${query === '' ? '' : `?${query}`}`;
}

/** Changes the address without a new entry in the history, as while typing. */
export function replaceRoute(href: string): void {
  history.replaceState(null, '', href);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

function readRoute(): Route {
  const [view = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { view, parameters: new URLSearchParams(query) };
}

/** The current route; the component is drawn again when it changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const changed = (): void => setRoute(readRoute());
    window.addEventListener('hashchange', changed);
    return () => window.removeEventListener('hashchange', changed);
  }, []);
  return route;
}
