// How the dashboard is built: two pages, files named by their content, and a compressed copy of each.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Writes the copies that the service sends to browsers that take them. Pages are compressed at its start, when their prefix is known. */
const compressed: Plugin = {
  name: 'compressed-copies',
  apply: 'build',
  closeBundle() {
    for (const file of globSync(at('dist/**/*.{js,css,svg,webmanifest}'))) {
      const bytes = readFileSync(file);
      writeFileSync(`${file}.br`, brotliCompressSync(bytes));
      writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    }
  },
};

/** The API that `npm run dev` speaks to, and what its paths begin with. */
const target = process.env['API_URL'] ?? 'http://127.0.0.1:8000';
const paths = [
  '/webhook',
  '/message',
  '/event',
  '/delivery',
  '/sources',
  '/forwards',
  '/stats',
  '/health',
  '/metrics',
  '/openapi.json',
];

export default defineConfig({
  root: at('.'),
  // The build does not know under which prefix it will be served: the service makes the links of pages absolute.
  base: './',
  plugins: [compressed],
  build: {
    target: 'es2023',
    // Inlined files would need a looser policy than "from here only".
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: [at('index.html'), at('docs.html')] },
  },
  server: { proxy: Object.fromEntries(paths.map((path) => [path, { target }])) },
});
