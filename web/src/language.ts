// The language of numbers and times, and a valid one for the browser where it reports one that Intl does not take.

/** What Intl takes where it is given nothing: always a valid tag, whatever the browser's list of languages holds. */
export const LANGUAGE = new Intl.NumberFormat().resolvedOptions().locale;

// Chromium on a machine with a POSIX locale, such as a wall display, reports `en-US@posix`. uPlot passes that to Intl
// while it loads, which throws, and the page would stay empty.
if (!isValid(navigator.language))
  Object.defineProperty(navigator, 'language', { value: LANGUAGE, configurable: true });

function isValid(tag: unknown): boolean {
  try {
    return typeof tag === 'string' && Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
