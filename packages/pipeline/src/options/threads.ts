import { availableParallelism } from 'node:os';
import type { RunOptions } from './run-options.js';

/** An equal part of the processors, for each of several processes. */
export const sharedThreads = (count: number, available = availableParallelism()): number =>
  Math.max(1, Math.floor(available / count));

/** The options with so many threads, where they do not say how many there are. */
export const withThreads = (options: RunOptions, threads: number): RunOptions => ({
  ...options,
  compute: { ...options.compute, threads: options.compute.threads ?? threads },
});
