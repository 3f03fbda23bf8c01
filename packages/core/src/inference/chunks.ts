import type { CompiledFunction } from '../contracts/backend.js';
import { joinRows, rowsOf } from '../tree/rows.js';
import { mapTree, type HostTensor, type Tree } from '../tree/tree.js';

/** With fewer images at once, distributing work to threads costs more than caches save. */
const FEWEST = 16;

/**
 * Number of images of a batch to run through a network at once: all, or the largest of 1/2, 1/4, … of them whose
 * activations a backend's caches hold from one layer to the next.
 *
 * @param largest bytes of the largest layer's output for one image.
 * @param cache bytes that the caches hold, or null; see `Backend.cache`.
 */
export function chunkSizeFor(batch: number, largest: number, cache: number | null): number {
  if (cache === null) return batch;
  for (let size = batch; size >= FEWEST; size /= 2) {
    if (size * largest <= cache) return size;
    if (size % 2 !== 0) break;
  }
  return batch;
}

/** A function of [B, …] from one of [chunk, …]: runs equal chunks one after the other. B is a multiple of `chunk`. */
export function inChunks(compiled: CompiledFunction, chunk: number): CompiledFunction {
  return {
    run: (inputs) => runInParts(inputs, chunk, (part) => compiled.run(part)),
    dispose: () => compiled.dispose(),
  };
}

/** Runs a function of rows on at most so many of them at once, one part after the other. [B, …] -> [B, …] */
export async function runInParts(
  inputs: Tree<HostTensor>,
  most: number,
  run: (part: Tree<HostTensor>) => Promise<Tree<HostTensor>>,
): Promise<Tree<HostTensor>> {
  const rows = Object.values(inputs)[0]!.shape[0]!;
  if (rows <= most) return run(inputs);
  const parts: Tree<HostTensor>[] = [];
  for (let start = 0; start < rows; start += most) {
    const range = { start, count: Math.min(most, rows - start) };
    parts.push(await run(mapTree(inputs, (input) => rowsOf(input, range))));
  }
  return mapTree(parts[0]!, (_part, name) => joinRows(parts.map((each) => each[name]!)));
}
