// Node's HTTP server, taken at a tenth of what an import costs.

/**
 * `import` of `node:http` reads each of its exports, some of which load the whole of `fetch` and its WebSocket: 40 ms of
 * processor time, in each start.
 */
export const { STATUS_CODES, createServer } = process.getBuiltinModule('node:http');
