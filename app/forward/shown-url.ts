// The URL of a destination as people see it.

/** Stands for a value that is not shown. */
const HIDDEN = '********';

/** Returns the URL without what may be secret in it: user, password, the values of its query, and its fragment. */
export function shownUrl(text: string): string {
  const url = new URL(text);
  const { origin, pathname, searchParams } = url;
  const names = [...searchParams.keys()].map((name) => `${encodeURIComponent(name)}=${HIDDEN}`);
  return `${origin}${pathname}${names.length === 0 ? '' : `?${names.join('&')}`}`;
}
