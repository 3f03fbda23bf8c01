import type { StoredType } from './stored-types.js';

/** What is computed of a vector of four numbers, in order: each refers to inputs, and to results before it. */
export interface Instruction {
  readonly op: VectorOp;
  readonly args: readonly Operand[];
}

/** A result before it, an input of the kernel, or a number. */
export type Operand =
  | { readonly kind: 'result'; readonly index: number }
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'number'; readonly value: number };

export type VectorOp =
  | 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'lesser' | 'greater'
  | 'neg' | 'abs' | 'sqrt' | 'floor' | 'ceil' | 'nearest'
  | 'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge' | 'not' | 'and' | 'or' | 'xor' | 'select'; // prettier-ignore

/** An input: elements between steps of each loop. */
export interface KernelInput {
  readonly strides: readonly number[];
  readonly type: StoredType;
}

/** An output: the elements of a result, or their sums where strides are 0, which are float32. */
export interface KernelOutput extends KernelInput {
  readonly from: Operand;
  /** Null for elements; else how many numbers the sums have, and by what they are multiplied in the end. */
  readonly sum: { readonly count: number; readonly factor: number } | null;
}

/** A loop nest: sizes of the loops, outermost first, and what is read, computed and written in the innermost one. */
export interface LoopNest {
  readonly sizes: readonly number[];
  readonly inputs: readonly KernelInput[];
  readonly instructions: readonly Instruction[];
  readonly outputs: readonly KernelOutput[];
}

/** Longest row that one accumulator sums: longer ones add up rounding errors. */
const LONGEST_SUM = 8192;

/** The same nest with fewer loops: two whose steps follow each other in every operand are one. */
export function collapsed(nest: LoopNest): LoopNest {
  const sizes: number[] = [];
  const all = [...nest.inputs, ...nest.outputs].map(({ strides }) => strides);
  const made: number[][] = all.map(() => []);
  for (const [level, size] of nest.sizes.entries()) {
    if (size === 1) continue;
    const follows = sizes.length > 0 && all.every((strides, i) => made[i]!.at(-1) === strides[level]! * size);
    if (follows) {
      sizes[sizes.length - 1]! *= size;
      all.forEach((strides, i) => (made[i]![made[i]!.length - 1] = strides[level]!));
    } else {
      sizes.push(size);
      all.forEach((strides, i) => made[i]!.push(strides[level]!));
    }
  }
  if (sizes.length === 0) {
    sizes.push(1);
    for (const strides of made) strides.push(0);
  }
  return withShortSums({
    sizes,
    inputs: nest.inputs.map((input, i) => ({ ...input, strides: made[i]! })),
    instructions: nest.instructions,
    outputs: nest.outputs.map((output, i) => ({ ...output, strides: made[nest.inputs.length + i]! })),
  });
}

/** Splits a long innermost loop that is summed. */
function withShortSums(nest: LoopNest): LoopNest {
  const { sizes, inputs, outputs } = nest;
  const size = sizes.at(-1)!;
  const isSummed = outputs.some(({ sum, strides }) => sum !== null && strides.at(-1) === 0);
  if (!isSummed || size <= LONGEST_SUM) return nest;
  let part = 0;
  for (let each = 1024; each <= LONGEST_SUM; each += 16) if (size % each === 0) part = each;
  if (part === 0) return nest;
  const split = (strides: readonly number[]): number[] => [
    ...strides.slice(0, -1),
    strides.at(-1)! * part,
    strides.at(-1)!,
  ];
  return {
    ...nest,
    sizes: [...sizes.slice(0, -1), size / part, part],
    inputs: inputs.map((input) => ({ ...input, strides: split(input.strides) })),
    outputs: outputs.map((output) => ({ ...output, strides: split(output.strides) })),
  };
}
