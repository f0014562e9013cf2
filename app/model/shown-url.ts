// URLs of the settings as people see them.

/** Stands for a value that is not shown. */
export const HIDDEN = '********';

/** Returns the URL without what may be secret in it: user, password, the values of its query, and its fragment. */
export function shownUrl(text: string): string {
  const { origin, pathname, search } = new URL(text);
  return `${origin}${pathname}${withoutValues(search)}`;
}

/** Returns a URL or query with the values of its query hidden. What has no name is a value too, such as the token in `?token`. */
export function withoutValues(text: string): string {
  return text.replaceAll(
    /(?<=[?&])(?:([^&=#]*=)[^&#]*|[^&=#]+)/g,
    (_: string, name = '') => `${name}${HIDDEN}`,
  );
}
