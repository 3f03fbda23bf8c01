import type { CompiledFunction } from '../contracts/backend.js';
import { mapTree, sizeOf, type HostTensor, type Tree } from '../tree/tree.js';

/** With fewer images at once, handing work to the processors costs more than caches save. */
const FEWEST = 16;

/**
 * How many of `batch` images to take through a network at once: all, or an even part of them that a backend's caches hold
 * from one layer to the next.
 *
 * largest: bytes of the largest layer's output for one image; cache: bytes that stay at hand, or null.
 */
export function chunkSizeFor(batch: number, largest: number, cache: number | null): number {
  if (cache === null) return batch;
  for (let portion = batch; portion >= FEWEST; portion /= 2) {
    if (portion * largest <= cache) return portion;
    if (portion % 2 !== 0) break;
  }
  return batch;
}

/** A function of [B, …] made of one of [portion, …]: equal parts one after the other. B is a multiple of the portion. */
export function inChunks(compiled: CompiledFunction, portion: number): CompiledFunction {
  const part = ({ shape, data }: HostTensor, from: number): HostTensor => {
    const row = sizeOf(shape.slice(1));
    return { shape: [portion, ...shape.slice(1)], data: data.slice(from * row, (from + portion) * row) };
  };
  return {
    async run(inputs) {
      const batch = Object.values(inputs)[0]!.shape[0]!;
      const parts: Tree<HostTensor>[] = [];
      for (let from = 0; from < batch; from += portion) {
        parts.push(await compiled.run(mapTree(inputs, (input) => part(input, from))));
      }
      return mapTree(parts[0]!, ({ shape }, name) =>
        joined(
          parts.map((each) => each[name]!),
          [batch, ...shape.slice(1)],
        ),
      );
    },
    dispose: () => compiled.dispose(),
  };
}

/** Parts along the first axis as one. */
function joined(parts: readonly HostTensor[], shape: readonly number[]): HostTensor {
  const { data } = parts[0]!;
  const whole = new (data.constructor as new (length: number) => HostTensor['data'])(sizeOf(shape));
  let at = 0;
  for (const part of parts) {
    whole.set(part.data, at);
    at += part.data.length;
  }
  return { shape, data: whole };
}
