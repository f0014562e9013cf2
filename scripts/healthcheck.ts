// The image's health check: asks the service in the same container whether it is ready; exit code 0 if so.
import { get } from 'node:http';

const TIMEOUT_MS = 3000;
/** Addresses that mean "every interface": to listen on, not to call. */
const EVERY_INTERFACE = new Set(['', '0.0.0.0', '::']);

const host = process.env['HOST'] ?? '';
const request = get(
  {
    host: EVERY_INTERFACE.has(host) ? '127.0.0.1' : host,
    port: process.env['PORT'] || 8000,
    path: '/health/ready',
    timeout: TIMEOUT_MS,
  },
  (response) => {
    response.resume();
    process.exitCode = response.statusCode === 200 ? 0 : 1;
  },
);
request.on('timeout', () => request.destroy());
request.on('error', () => {
  process.exitCode = 1;
});
