// The prefix under which a reverse proxy serves this page, read from where the page's script came from.

/** Without a slash at its end; empty where there is none. Scripts lie one folder below it: in `assets/`, or in `src/` with Vite. */
export const BASE_PATH = new URL(import.meta.url).pathname.split('/').slice(0, -2).join('/');

/** The address of a path of the service, such as `/messages`. */
export function addressOf(path: string): string {
  return BASE_PATH + path;
}
