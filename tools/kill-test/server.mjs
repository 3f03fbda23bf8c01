/** Serves the file of `dataset.mjs` slowly, whole or from a byte on. */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTENT } from './dataset.mjs';

const CHUNK = 1 << 16;
const PAUSE = 25;

export async function startServer() {
  const server = createServer(async ({ headers }, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    if (start >= CONTENT.length) return response.writeHead(416).end();
    const range = { 'content-range': `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}` };
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': CONTENT.length - start,
      ...(start > 0 ? range : {}),
    });
    for (let at = start; at < CONTENT.length && !response.destroyed; at += CHUNK) {
      response.write(CONTENT.subarray(at, Math.min(at + CHUNK, CONTENT.length)));
      await sleep(PAUSE);
    }
    response.end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    close: () => (server.closeAllConnections(), server.close()),
  };
}
