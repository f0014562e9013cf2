// Headers that tell browsers what pages may do.

/** Pages may run and fetch files of this origin only; inline scripts and styles are refused. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Browsers are not to guess what a body is. */
export const NOSNIFF = { 'X-Content-Type-Options': 'nosniff' };

/** What comes with each file of the dashboard. */
export const PAGE_HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  ...NOSNIFF,
};
