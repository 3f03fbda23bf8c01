import { collapsed, type KernelInput, type KernelOutput, type LoopNest } from './loop-nest.js';
import { STORED_BYTES } from './stored-types.js';

/**
 * Operations and accesses of a nest that is divided, at least: about 0.1 ms of one thread's time. Waking a thread and waiting for it
 * takes half of that.
 */
const LEAST_WORK = 2 ** 21;
/** Parts that a nest has at most. Threads take one after the other, so more parts than threads even out their speeds. */
const MOST_PARTS = 16;
/** Share of a part's elements that its sums may be: adding up those of all parts is one thread's work. */
const MOST_SUMS = 1 / 16;

/** A sum over the divided loop: each part has sums of its own, which lie one after the other and are then added up. */
export interface DividedSum {
  /** Number of the output. */
  readonly output: number;
  /** Numbers that it has. */
  readonly count: number;
  /** Adds up the sums of all parts: from the place of these to that of the output. */
  readonly total: LoopNest;
}

/** A nest that is computed in parts of equal sizes, in any order and by any thread. */
export interface Division {
  /** The nest of one part. */
  readonly part: LoopNest;
  readonly parts: number;
  /** Bytes from one part to the next: of each input, then of each output. */
  readonly steps: readonly number[];
  readonly sums: readonly DividedSum[];
}

/**
 * Divides one loop of a nest; null where it is too small for that, or no loop has a divisor. The division depends on the nest alone,
 * so the results have the same bytes with every number of threads.
 */
export function divided(whole: LoopNest): Division | null {
  const nest = collapsed(whole);
  const { sizes, inputs, outputs } = nest;
  const elements = sizes.reduce((product, size) => product * size, 1);
  const work = elements * (inputs.length + nest.instructions.length + outputs.length);
  if (work < LEAST_WORK) return null;
  const [level, parts] = dividedLoop(nest);
  if (parts < 2) return null;
  const sums = outputs.flatMap(({ sum, strides }, output): DividedSum[] =>
    sum === null || strides[level] !== 0 ? [] : [{ output, count: sum.count, total: totalOf(parts, sum) }],
  );
  const summed = sums.reduce((all, { count }) => all + count, 0);
  if (summed > (elements / parts) * MOST_SUMS) return null;
  const size = sizes[level]! / parts;
  const stepOf = ({ strides, type }: KernelInput): number => strides[level]! * size * STORED_BYTES[type];
  return {
    part: {
      ...nest,
      sizes: sizes.with(level, size),
      outputs: outputs.map((output): KernelOutput => {
        const { sum, strides } = output;
        if (sum === null) return output;
        const isOwn = strides[level] !== 0;
        return {
          ...output,
          sum: isOwn ? { ...sum, count: sum.count / parts } : { count: sum.count, factor: 1 },
        };
      }),
    },
    parts,
    steps: [
      ...inputs.map(stepOf),
      ...outputs.map((output) =>
        output.sum === null || output.strides[level] !== 0
          ? stepOf(output)
          : output.sum.count * STORED_BYTES.float32,
      ),
    ],
    sums,
  };
}

/**
 * The loop that has the most parts, the outermost of these; the innermost only where it is the only one. Sums along a loop are of all its
 * steps together, or each step has its own, which follow each other.
 */
function dividedLoop({ sizes, outputs }: LoopNest): readonly [level: number, parts: number] {
  let best: readonly [level: number, parts: number] = [0, 1];
  for (const [level, size] of sizes.slice(0, Math.max(1, sizes.length - 1)).entries()) {
    const isPossible = outputs.every(
      ({ sum, strides }) => sum === null || strides[level] === 0 || strides[level]! * size === sum.count,
    );
    let parts = isPossible ? Math.min(MOST_PARTS, size) : 1;
    while (parts > 1 && size % parts !== 0) parts--;
    if (parts > best[1]) best = [level, parts];
  }
  return best;
}

const totalOf = (parts: number, { count, factor }: NonNullable<KernelOutput['sum']>): LoopNest => ({
  sizes: [parts, count],
  inputs: [{ strides: [count, 1], type: 'float32' }],
  instructions: [],
  outputs: [{ from: { kind: 'input', index: 0 }, strides: [0, 1], type: 'float32', sum: { count, factor } }],
});
