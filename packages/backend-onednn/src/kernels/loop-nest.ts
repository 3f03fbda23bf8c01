/** Longer than other files: one loop nest, whose parts know the same pointers and locals. */
import { asm, repeat, type Func, type LocalType } from './assembler.js';

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

/** An output: the elements of a result, or their sums where strides are 0. */
export interface KernelOutput {
  readonly from: Operand;
  readonly strides: readonly number[];
  /** Null for elements; else how many numbers the sums have, and by what they are multiplied in the end. */
  readonly sum: { readonly count: number; readonly factor: number } | null;
}

/** A loop nest over elements of 32 bits: sizes of the loops, outermost first, and elements between steps of each. */
export interface LoopNest {
  readonly sizes: readonly number[];
  readonly inputs: readonly (readonly number[])[];
  readonly instructions: readonly Instruction[];
  readonly outputs: readonly KernelOutput[];
}

const LANES = 4;
const BYTES = 4;
/** Longest innermost loop that is unrolled, so that the one around it keeps sums in registers. */
const MOST_UNROLLED = 32;
/** Longest row that one accumulator sums: longer ones add up rounding errors. */
const LONGEST_SUM = 8192;

/** The same nest with fewer loops: two whose steps follow each other in every operand are one. */
export function collapsed(nest: LoopNest): LoopNest {
  const sizes: number[] = [];
  const all = [...nest.inputs, ...nest.outputs.map(({ strides }) => strides)];
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
    made.forEach((strides, i) => strides.push(i < nest.inputs.length ? 0 : 0));
  }
  return withShortSums({
    sizes,
    inputs: made.slice(0, nest.inputs.length),
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
    inputs: inputs.map(split),
    outputs: outputs.map((output) => ({ ...output, strides: split(output.strides) })),
  };
}

/** Machine code of a loop nest: a function of the addresses of inputs and outputs. */
export const compileNest = (nest: LoopNest): Func => new Compiler(collapsed(nest)).compile();

/** What an iteration of the innermost loop computes: vectors beside each other, or one element at the end of a row. */
interface Iteration {
  readonly vectors: number;
  readonly isTail: boolean;
}

class Compiler {
  readonly #locals: LocalType[] = [];
  readonly #params: number;
  /** Whether the innermost loop is unrolled, and the one around it is the hot one. */
  readonly #isUnrolled: boolean;
  readonly #hot: number;
  /** Vectors of an input that the hot loop does not change, by input. */
  readonly #hoisted = new Map<number, readonly number[]>();
  /** Sums in registers, by output. */
  readonly #sums = new Map<number, readonly number[]>();
  readonly #results: number[];

  constructor(readonly nest: LoopNest) {
    const { sizes, inputs, outputs } = nest;
    this.#params = inputs.length + outputs.length;
    const last = sizes.at(-1)!;
    const all = [...inputs, ...outputs.map(({ strides }) => strides)];
    this.#isUnrolled =
      sizes.length > 1 &&
      last <= MOST_UNROLLED &&
      last % LANES === 0 &&
      all.every((strides) => strides.at(-1)! <= 1);
    this.#hot = sizes.length - (this.#isUnrolled ? 2 : 1);
    this.#results = nest.instructions.map(() => this.#local('v128'));
  }

  #local(type: LocalType): number {
    this.#locals.push(type);
    return this.#params + this.#locals.length - 1;
  }

  compile(): Func {
    const { outputs, inputs } = this.nest;
    const zeros = outputs.flatMap(({ sum }, i) =>
      sum === null
        ? []
        : [...asm.get(inputs.length + i), ...asm.i32(0), ...asm.i32(sum.count * BYTES), ...asm.fill],
    );
    // the loops move the addresses, of which the sums are needed at the end
    const kept = new Map<number, number>();
    const keep = outputs.flatMap(({ sum }, i) => {
      if (sum === null || sum.factor === 1) return [];
      kept.set(i, this.#local('i32'));
      return [...asm.get(inputs.length + i), ...asm.set(kept.get(i)!)];
    });
    const loops = this.#level(0);
    const factors = [...kept].flatMap(([i, place]) => this.#multiplied(place, outputs[i]!.sum!));
    return {
      params: this.#params,
      locals: this.#locals,
      body: [...zeros, ...keep, ...loops, ...factors],
    };
  }

  #multiplied(place: number, { count, factor }: NonNullable<KernelOutput['sum']>): number[] {
    const body = [
      ...asm.get(place),
      ...asm.get(place),
      ...asm.loadF32(0),
      ...asm.f32(factor),
      ...asm.mulF32,
      ...asm.storeF32(0),
      ...this.#advance(place, BYTES),
    ];
    return repeat(count, this.#local('i32'), body);
  }

  #advance(pointer: number, bytes: number): number[] {
    return bytes === 0 ? [] : [...asm.get(pointer), ...asm.i32(bytes), ...asm.addI32, ...asm.set(pointer)];
  }

  /** Elements between steps of a loop, by pointer. */
  #strides(pointer: number): readonly number[] {
    const { inputs, outputs } = this.nest;
    return pointer < inputs.length ? inputs[pointer]! : outputs[pointer - inputs.length]!.strides;
  }

  /** Moves every pointer by a number of steps of a loop, and back by all of the next inner one. */
  #moved(level: number, steps: number): number[] {
    const { sizes } = this.nest;
    return Array.from({ length: this.#params }, (_, pointer) => {
      const strides = this.#strides(pointer);
      const inner = level === this.#hot ? 0 : sizes[level + 1]! * strides[level + 1]!;
      return this.#advance(pointer, (steps * strides[level]! - inner) * BYTES);
    }).flat();
  }

  #level(level: number): number[] {
    if (level === this.#hot) return this.#hotLoop();
    const body = [...this.#level(level + 1), ...this.#moved(level, 1)];
    return repeat(this.nest.sizes[level]!, this.#local('i32'), body);
  }

  /** Whether a pointer stays where it is in the hot loop. */
  #stays(pointer: number): boolean {
    return this.#strides(pointer)[this.#hot] === 0;
  }

  #hotLoop(): number[] {
    const size = this.nest.sizes[this.#hot]!;
    const width = this.#isUnrolled ? this.nest.sizes.at(-1)! / LANES : 1;
    const before: number[] = [];
    this.nest.inputs.forEach((strides, i) => {
      if (!this.#stays(i)) return;
      const isOne = !this.#isUnrolled || strides.at(-1) === 0;
      const locals = Array.from({ length: isOne ? 1 : width }, () => this.#local('v128'));
      locals.forEach((local, u) =>
        before.push(...asm.get(i), ...(isOne ? asm.loadSplat(0) : asm.load(u * 16)), ...asm.set(local)),
      );
      this.#hoisted.set(i, locals);
    });
    const unrolled = this.#isUnrolled ? width : size >= 8 * LANES ? 2 : 1;
    this.nest.outputs.forEach(({ sum }, i) => {
      if (sum === null || !this.#stays(this.nest.inputs.length + i)) return;
      const locals = Array.from({ length: unrolled }, () => this.#local('v128'));
      for (const local of locals) before.push(...asm.constant(0), ...asm.set(local));
      this.#sums.set(i, locals);
    });
    const iterations = (count: number, steps: number, iteration: Iteration): number[] =>
      repeat(count, this.#local('i32'), [...this.#iteration(iteration), ...this.#moved(this.#hot, steps)]);
    const body = this.#isUnrolled
      ? iterations(size, 1, { vectors: width, isTail: false })
      : [
          ...iterations(Math.floor(size / (LANES * unrolled)), LANES * unrolled, {
            vectors: unrolled,
            isTail: false,
          }),
          ...(unrolled === 1
            ? []
            : iterations(Math.floor((size % (LANES * unrolled)) / LANES), LANES, {
                vectors: 1,
                isTail: false,
              })),
          ...iterations(size % LANES, 1, { vectors: 1, isTail: true }),
        ];
    return [...before, ...body, ...this.#flushed()];
  }

  #iteration({ vectors, isTail }: Iteration): number[] {
    const code: number[] = [];
    for (let u = 0; u < vectors; u++) {
      const loaded = new Map<number, number>();
      for (const i of this.#usedInputs()) {
        if (this.#hoisted.has(i)) continue;
        const local = this.#inputLocal(i);
        code.push(...this.#load(i, u, isTail), ...asm.set(local));
        loaded.set(i, local);
      }
      const push = (operand: Operand): readonly number[] => {
        if (operand.kind === 'number') return asm.constant(operand.value);
        if (operand.kind === 'result') return asm.get(this.#results[operand.index]!);
        const hoisted = this.#hoisted.get(operand.index);
        return asm.get(
          hoisted === undefined ? loaded.get(operand.index)! : hoisted[Math.min(u, hoisted.length - 1)]!,
        );
      };
      this.nest.instructions.forEach(({ op, args }, i) =>
        code.push(...args.flatMap(push), ...asm[op], ...asm.set(this.#results[i]!)),
      );
      this.nest.outputs.forEach((output, i) =>
        code.push(...this.#store(output, i, u, isTail, push(output.from))),
      );
    }
    return code;
  }

  readonly #inputLocals = new Map<number, number>();

  /** The local that an input is loaded into in every iteration. */
  #inputLocal(input: number): number {
    const known = this.#inputLocals.get(input) ?? this.#local('v128');
    this.#inputLocals.set(input, known);
    return known;
  }

  #usedInputs(): number[] {
    return this.nest.inputs.map((_, i) => i);
  }

  #load(input: number, u: number, isTail: boolean): number[] {
    const stride = this.#strides(input).at(-1)!;
    const pointer = asm.get(input);
    if (this.#isUnrolled) return [...pointer, ...(stride === 0 ? asm.loadSplat(0) : asm.load(u * 16))];
    if (isTail) return [...pointer, ...asm.loadSplat(0)];
    if (stride === 1) return [...pointer, ...asm.load(u * 16)];
    const lanes = [0, 1, 2, 3].reduce<number[]>(
      (vector, lane) => [...pointer, ...vector, ...asm.loadLane((u * LANES + lane) * stride * BYTES, lane)],
      [...asm.constant(0)],
    );
    return lanes;
  }

  #store(output: KernelOutput, i: number, u: number, isTail: boolean, value: readonly number[]): number[] {
    const pointer = this.nest.inputs.length + i;
    const address = asm.get(pointer);
    const stride = output.strides.at(-1)!;
    const sums = this.#sums.get(i);
    if (sums !== undefined) {
      const sum = sums[u]!;
      const added = isTail ? [...value, ...asm.firstLane, ...asm.and] : value;
      return [...asm.get(sum), ...added, ...asm.add, ...asm.set(sum)];
    }
    if (output.sum === null) {
      if (isTail) return [...address, ...value, ...asm.storeLane(0, 0)];
      if (stride === 1) return [...address, ...value, ...asm.store(u * 16)];
      return [0, 1, 2, 3].flatMap((lane) => [
        ...address,
        ...value,
        ...asm.storeLane((u * LANES + lane) * stride * BYTES, lane),
      ]);
    }
    if (this.#isUnrolled && stride === 0) return this.#addedAcross(pointer, value);
    if (!isTail && stride === 1) {
      const place = u * 16;
      return [...address, ...address, ...asm.load(place), ...value, ...asm.add, ...asm.store(place)];
    }
    return (isTail ? [0] : [0, 1, 2, 3]).flatMap((lane) => {
      const place = (u * LANES + lane) * stride * BYTES;
      return [
        ...[...address, ...address, ...asm.loadF32(place)],
        ...[...value, ...asm.extract(lane), ...asm.addF32, ...asm.storeF32(place)],
      ];
    });
  }

  /** Adds the four elements of a vector to one number in memory. */
  #addedAcross(pointer: number, value: readonly number[]): number[] {
    const address = asm.get(pointer);
    const pair = (a: number, b: number): number[] => [
      ...value,
      ...asm.extract(a),
      ...value,
      ...asm.extract(b),
      ...asm.addF32,
    ];
    return [
      ...[...address, ...address, ...asm.loadF32(0)],
      ...[...pair(0, 1), ...pair(2, 3), ...asm.addF32, ...asm.addF32, ...asm.storeF32(0)],
    ];
  }

  /** Adds the sums in registers to those in memory. */
  #flushed(): number[] {
    return [...this.#sums].flatMap(([i, sums]) => {
      const pointer = this.nest.inputs.length + i;
      const address = asm.get(pointer);
      if (this.#isUnrolled && this.nest.outputs[i]!.strides.at(-1) === 1) {
        return sums.flatMap((sum, u) => [
          ...[...address, ...address, ...asm.load(u * 16)],
          ...[...asm.get(sum), ...asm.add, ...asm.store(u * 16)],
        ]);
      }
      const [first, ...rest] = sums as [number, ...number[]];
      const total = rest.flatMap((sum) => [
        ...asm.get(first),
        ...asm.get(sum),
        ...asm.add,
        ...asm.set(first),
      ]);
      return [...total, ...this.#addedAcross(pointer, asm.get(first))];
    });
  }
}
