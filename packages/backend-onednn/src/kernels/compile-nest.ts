/** Longer than other files: the code of one loop nest, whose parts know the same pointers and locals. */
import { asm, repeat, type Code, type Func, type LocalType } from './assembler.js';
import { collapsed, type KernelInput, type KernelOutput, type LoopNest, type Operand } from './loop-nest.js';
import { STORED, STORED_BYTES, type Scratch } from './stored-types.js';

const LANES = 4;
const LANE_NUMBERS = [0, 1, 2, 3];
/** Bytes of a number of a sum. */
const BYTES = STORED_BYTES.float32;
/** Longest innermost loop that is unrolled, so that the one around it keeps sums in registers. */
const MOST_UNROLLED = 32;

/** Machine code of a loop nest: a function of the addresses of inputs and outputs. */
export const compileNest = (nest: LoopNest): Func => new Compiler(collapsed(nest)).compile();

/** What an iteration of the innermost loop computes: vectors beside each other, or one element at the end of a row. */
interface Iteration {
  readonly vectors: number;
  readonly isTail: boolean;
}

/** A vector of an iteration. isPaired: whether it is stored together with the one before it (where u is odd) or after it. */
interface Place {
  readonly u: number;
  readonly isTail: boolean;
  readonly isPaired: boolean;
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
  /** Vectors that are always the same, by their code. */
  readonly #constants = new Map<string, { readonly code: Code; readonly local: number }>();

  constructor(readonly nest: LoopNest) {
    const { sizes, inputs, outputs } = nest;
    this.#params = inputs.length + outputs.length;
    const last = sizes.at(-1)!;
    const all = [...inputs, ...outputs].map(({ strides }) => strides);
    this.#isUnrolled =
      sizes.length > 1 &&
      last <= MOST_UNROLLED &&
      last % LANES === 0 &&
      all.every((strides) => strides.at(-1)! <= 1);
    this.#hot = sizes.length - (this.#isUnrolled ? 2 : 1);
    this.#results = nest.instructions.map(() => this.#local('v128'));
  }

  readonly #scratch: Scratch = {
    // made once, before the loops
    constant: (code) => {
      const key = code.join();
      const known = this.#constants.get(key) ?? { code, local: this.#local('v128') };
      this.#constants.set(key, known);
      return asm.get(known.local);
    },
    local: () => this.#named('scratch'),
  };

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
      body: [...this.#constants.values()]
        .flatMap(({ code, local }) => [...code, ...asm.set(local)])
        .concat(...[zeros, keep, loops, factors]),
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

  /** What a pointer goes through. */
  #operand(pointer: number): KernelInput {
    const { inputs, outputs } = this.nest;
    return pointer < inputs.length ? inputs[pointer]! : outputs[pointer - inputs.length]!;
  }

  /** Moves every pointer by a number of steps of a loop, and back by all of the next inner one. */
  #moved(level: number, steps: number): number[] {
    const { sizes } = this.nest;
    return Array.from({ length: this.#params }, (_, pointer) => {
      const { strides, type } = this.#operand(pointer);
      const inner = level === this.#hot ? 0 : sizes[level + 1]! * strides[level + 1]!;
      return this.#advance(pointer, (steps * strides[level]! - inner) * STORED_BYTES[type]);
    }).flat();
  }

  #level(level: number): number[] {
    if (level === this.#hot) return this.#hotLoop();
    const body = [...this.#level(level + 1), ...this.#moved(level, 1)];
    return repeat(this.nest.sizes[level]!, this.#local('i32'), body);
  }

  /** Whether a pointer stays where it is in the hot loop. */
  #stays(pointer: number): boolean {
    return this.#operand(pointer).strides[this.#hot] === 0;
  }

  #hotLoop(): number[] {
    const size = this.nest.sizes[this.#hot]!;
    const width = this.#isUnrolled ? this.nest.sizes.at(-1)! / LANES : 1;
    const before: number[] = [];
    this.nest.inputs.forEach(({ strides, type }, i) => {
      if (!this.#stays(i)) return;
      const isOne = !this.#isUnrolled || strides.at(-1) === 0;
      const locals = Array.from({ length: isOne ? 1 : width }, () => this.#local('v128'));
      const { load, loadSplat } = STORED[type];
      locals.forEach((local, u) =>
        before.push(...asm.get(i), ...(isOne ? loadSplat(0) : load(u)), ...asm.set(local)),
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
      const place: Place = { u, isTail, isPaired: !isTail && (u % 2 === 1 || u + 1 < vectors) };
      const loaded = new Map<number, number>();
      this.nest.inputs.forEach((_, i) => {
        if (this.#hoisted.has(i)) return;
        const local = this.#named(`input ${i}`);
        code.push(...this.#load(i, place), ...asm.set(local));
        loaded.set(i, local);
      });
      const push = (operand: Operand): readonly number[] => {
        if (operand.kind === 'number') return this.#scratch.constant(asm.constant(operand.value));
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
        code.push(...this.#store(output, i, place, push(output.from))),
      );
    }
    return code;
  }

  readonly #namedLocals = new Map<string, number>();

  /** A local for vectors that is the same in every iteration. */
  #named(name: string): number {
    const known = this.#namedLocals.get(name) ?? this.#local('v128');
    this.#namedLocals.set(name, known);
    return known;
  }

  #load(input: number, { u, isTail }: Place): number[] {
    const { strides, type } = this.#operand(input);
    const stride = strides.at(-1)!;
    const pointer = asm.get(input);
    const { load, loadSplat, loadLane } = STORED[type];
    if (isTail || (this.#isUnrolled && stride === 0)) return [...pointer, ...loadSplat(0)];
    if (stride === 1) return [...pointer, ...load(u)];
    return LANE_NUMBERS.reduce<number[]>(
      (vector, lane) => [...pointer, ...vector, ...loadLane((u * LANES + lane) * stride, lane)],
      [...asm.constant(0)],
    );
  }

  #store(
    output: KernelOutput,
    i: number,
    { u, isTail, isPaired }: Place,
    value: readonly number[],
  ): number[] {
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
      const { rounded, store, storeLane, storePair } = STORED[output.type];
      const made = rounded(value, this.#scratch);
      if (isTail) return [...address, ...made, ...storeLane(0, 0)];
      if (stride === 1 && isPaired && storePair !== null) {
        const first = this.#named(`first of output ${i}`);
        if (u % 2 === 0) return [...made, ...asm.set(first)];
        return [...address, ...asm.get(first), ...made, ...storePair(u - 1)];
      }
      if (stride === 1) return [...address, ...made, ...store(u, this.#scratch)];
      return LANE_NUMBERS.flatMap((lane) => [
        ...address,
        ...made,
        ...storeLane((u * LANES + lane) * stride, lane),
      ]);
    }
    if (this.#isUnrolled && stride === 0) return this.#addedAcross(pointer, value);
    if (!isTail && stride === 1) {
      const place = u * 16;
      return [...address, ...address, ...asm.load(place), ...value, ...asm.add, ...asm.store(place)];
    }
    return (isTail ? [0] : LANE_NUMBERS).flatMap((lane) => {
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
