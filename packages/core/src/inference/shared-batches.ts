import type { Rank } from '../contracts/exchange.js';
import type { HostTensor } from '../tree/tree.js';
import type { LogitBatch } from './split-logits.js';

/** What ranks that divide a split need: a rank's place, and how it gives others what it computed. */
export interface LogitRanks extends Rank {
  broadcast(bytes: Uint8Array, root: number): Promise<Uint8Array>;
}

/** A batch of a split: its place, and how it is computed. */
export interface PlannedBatch {
  readonly start: number;
  run(): Promise<HostTensor>;
}

/** Each rank computes every n-th batch, and all get all of them, in order; the bytes are those of one process. */
export async function* sharedBatches(
  batches: readonly PlannedBatch[],
  ranks: LogitRanks,
): AsyncGenerator<LogitBatch, void, undefined> {
  for (let first = 0; first < batches.length; first += ranks.ranks) {
    const round = batches.slice(first, first + ranks.ranks);
    const own = round[ranks.rank];
    const computed = own === undefined ? null : await own.run();
    for (const [root, { start }] of round.entries()) {
      const sent = root === ranks.rank ? encodeTensor(computed!) : new Uint8Array();
      yield { start, logits: decodeTensor(await ranks.broadcast(sent, root)) };
    }
  }
}

/** Number of axes, axes, values: all of four bytes. */
function encodeTensor({ shape, data }: HostTensor): Uint8Array {
  const bytes = new Uint8Array(4 * (1 + shape.length + data.length));
  new Uint32Array(bytes.buffer, 0, 1 + shape.length).set([shape.length, ...shape]);
  new Float32Array(bytes.buffer, 4 * (1 + shape.length)).set(data);
  return bytes;
}

function decodeTensor(bytes: Uint8Array): HostTensor {
  const buffer = bytes.slice().buffer;
  const [axes] = new Uint32Array(buffer, 0, 1);
  const shape = [...new Uint32Array(buffer, 4, axes)];
  return { shape, data: new Float32Array(buffer, 4 * (1 + axes!)) };
}
