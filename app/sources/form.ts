// A form of `application/x-www-form-urlencoded`: its fields in order, and as JSON.

/** Whether a body is a form rather than JSON: it begins with a name. */
export function looksLikeForm(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,256}=/.test(text);
}

/** Fields of a form that is read. Providers send less than a hundred. */
export const FORM_FIELDS_MAX = 10_000;

/** Whether a form would take long to read. */
export function hasTooManyFields(form: string | Buffer): boolean {
  let at = -1;
  for (let fields = 1; fields <= FORM_FIELDS_MAX; fields += 1) {
    at = form.indexOf('&', at + 1);
    if (at === -1) return false;
  }
  return true;
}

/** The values of each name: names in the order of their first mention, values in the order in which they came. */
export type Form = ReadonlyMap<string, readonly string[]>;

/**
 * Reads a form, as the URL standard says. Whatever comes is read: an escape that is none stays as it is, and what is not UTF-8 becomes
 * U+FFFD.
 */
export function formOf(text: string): Form {
  const form = new Map<string, string[]>();
  // Not by URLSearchParams as a whole: of many names without an equals sign it takes time that grows with their square, and much for each plus.
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decoded(pair.slice(equals + 1));
    const values = form.get(name);
    if (values === undefined) form.set(name, [value]);
    else values.push(value);
  }
  return form;
}

function decoded(text: string): string {
  const spaced = text.split('+').join(' ');
  return spaced.includes('%') ? (new URLSearchParams(`=${spaced}`).get('') ?? '') : spaced;
}

/** Returns the first value of a name; null where it has none, or that is empty. */
export function fieldOf(form: Form, name: string): string | null {
  const value = form.get(name)?.[0] ?? '';
  return value === '' ? null : value;
}

/** Returns a form as a JSON object in its order; a name that came more than once has an array. */
export function formJson(form: Form): string {
  // Not from an object: that puts names of digits first.
  const members = [...form].map(
    ([name, values]) =>
      `${JSON.stringify(name)}:${JSON.stringify(values.length === 1 ? values[0] : values)}`,
  );
  return `{${members.join(',')}}`;
}
