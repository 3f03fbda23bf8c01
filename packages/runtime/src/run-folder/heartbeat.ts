import { Worker } from 'node:worker_threads';

/** Milliseconds between two signs of life. */
const HEARTBEAT = 10_000;
/** A lock without a sign of life for so long is given up, where nothing else is known of its process. */
export const STALE = 120_000;

/**
 * Rewrites a file in place every few seconds, which renews its time of modification: in a thread of its own, because the
 * main one may be in a step for minutes. A file that is gone is not made again.
 */
const BEATING = `
  const { closeSync, openSync, writeSync } = require('node:fs');
  const { workerData } = require('node:worker_threads');
  setInterval(() => {
    try {
      const file = openSync(workerData.path, 'r+');
      try {
        writeSync(file, workerData.text, 0);
      } finally {
        closeSync(file);
      }
    } catch {}
  }, workerData.interval);
`;

/** Starts it; the returned function stops it. */
export function startHeartbeat(path: string, text: string, interval = HEARTBEAT): () => Promise<void> {
  const worker = new Worker(BEATING, {
    eval: true,
    workerData: { path, text, interval },
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
  });
  worker.unref();
  worker.on('error', () => undefined); // without signs of life the lock only ages
  return async () => {
    await worker.terminate();
  };
}
