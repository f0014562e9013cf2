// The files of the dashboard, read once at start: links of pages get the prefix, other files are compressed by the build.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const DIRECTORY = fileURLToPath(new URL('../../web/dist/', import.meta.url));
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};
/** URL paths of the pages: without an extension. */
const PAGES: Readonly<Record<string, string>> = { '/index.html': '/', '/docs.html': '/docs' };

/** In the order in which they are preferred. */
const ENCODINGS = ['br', 'gzip', 'identity'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface Asset {
  readonly contentType: string;
  readonly etag: string;
  /** Whether the name contains a hash of the content, so that it may be cached for ever. */
  readonly immutable: boolean;
  readonly bodies: Readonly<Record<'identity', Buffer> & Partial<Record<'br' | 'gzip', Buffer>>>;
}

/** Files by the path of their URL. */
export type Assets = ReadonlyMap<string, Asset>;

/** Returns the files that `npm run build` wrote; none where it was not run. `basePath` is put before each link of a page. */
export function readAssets(basePath: string): Assets {
  const assets = new Map<string, Asset>();
  if (!existsSync(DIRECTORY)) return assets;
  for (const name of readdirSync(DIRECTORY, { encoding: 'utf8', recursive: true })) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const path = `/${name.replaceAll('\\', '/')}`;
    const file = join(DIRECTORY, name);
    const bodies = extname(name) === '.html' ? pageBodies(file, basePath) : fileBodies(file);
    assets.set(PAGES[path] ?? path, {
      contentType,
      etag: `"${createHash('sha256').update(bodies.identity).digest('base64url').slice(0, 22)}"`,
      immutable: path.startsWith('/assets/'),
      bodies,
    });
  }
  return assets;
}

function fileBodies(file: string): Asset['bodies'] {
  return { identity: readFileSync(file), ...copy(file, 'br', '.br'), ...copy(file, 'gzip', '.gz') };
}

/**
 * Returns a page whose links, relative in the build, are made absolute: `/inbox` and `/inbox/` are both its address,
 * and a browser resolves relative links differently under the two.
 */
function pageBodies(file: string, basePath: string): Asset['bodies'] {
  const prefix = `${basePath.replaceAll('&', '&amp;')}/`;
  const html = readFileSync(file, 'utf8').replaceAll(/(?<= (?:href|src)=")\.\//g, () => prefix);
  const identity = Buffer.from(html);
  return { identity, br: brotliCompressSync(identity), gzip: gzipSync(identity, { level: 9 }) };
}

function copy(file: string, encoding: 'br' | 'gzip', extension: string): Record<string, Buffer> {
  return existsSync(file + extension) ? { [encoding]: readFileSync(file + extension) } : {};
}

/** Returns the preferred encoding that an Accept-Encoding header allows (RFC 9110, section 12.5.3); one with q=0 is refused. */
export function chooseEncoding(header: string | undefined): Encoding {
  const accepted = new Set(
    (header ?? '')
      .toLowerCase()
      .split(',')
      .map((entry) => entry.replaceAll(' ', ''))
      .filter((entry) => !/;q=0(\.0*)?$/.test(entry))
      .map((entry) => entry.split(';')[0]),
  );
  return ENCODINGS.find((encoding) => accepted.has(encoding)) ?? 'identity';
}
