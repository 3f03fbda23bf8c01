import type { ElementType } from '@anc/compiler';
import type * as Ort from 'onnxruntime-common';
import type { HeldOutput, SectionPlan, SentMean } from './protocol.js';
import type { Runtime } from './runtime.js';

type Memory = Ort.Tensor['data'];

/**
 * Memory of one step that runs in sections. Outputs are written straight to where they are needed: what later sections read to
 * buffers that are used in every step, what other ranks get to one message, and new values of state to the memory of those that
 * the step before replaced.
 */
export class SectionMemory {
  /** What the sections of a step that has begun have left for later ones. */
  readonly between = new Map<string, Ort.Tensor>();
  readonly #buffers = new Map<number, Memory>();
  /** State entries that were replaced, whose memory takes the next values. */
  readonly #spare = new Map<string, Ort.Tensor>();
  /** Messages that this step has received, whose memory takes those that it sends. */
  readonly #read: Float32Array[] = [];
  readonly #messages: Float32Array[] = [];

  constructor(readonly ort: Runtime['ort']) {}

  /** Starts a step; what one that failed left is dropped. */
  begin(): void {
    this.between.clear();
    this.#read.length = 0;
  }

  /** The parts of a message of other ranks, without copies. */
  views(receives: readonly SentMean[], message: Float32Array | null): [string, Ort.Tensor][] {
    const ends = endsOf(receives);
    if (message !== null) this.#read.push(message);
    return receives.map(({ input, shape }, i) => [
      input,
      this.#tensor('float32', message!.subarray(ends[i], ends[i + 1]), shape),
    ]);
  }

  /** Where a section is to write its outputs, and the message that it sends. */
  outputsOf(
    { holds, sends, changed, metrics }: SectionPlan,
    state: ReadonlyMap<string, Ort.Tensor>,
  ): { readonly sent: Float32Array; readonly fetches: Record<string, Ort.Tensor> } {
    const ends = endsOf(sends);
    const sent = this.#message(ends.at(-1)!);
    const fetches: Record<string, Ort.Tensor> = {};
    for (const output of holds) fetches[output.name] = this.#buffer(output);
    for (const [i, { output, shape }] of sends.entries())
      fetches[output] = this.#tensor('float32', sent.subarray(ends[i], ends[i + 1]), shape);
    for (const name of changed) {
      const { type, dims } = state.get(name)!;
      const spare = this.#spare.get(name)?.data ?? emptyData(type as ElementType, dims);
      fetches[`next/${name}`] = this.#tensor(type as ElementType, spare, dims);
    }
    if (metrics > 0) fetches.metrics = this.#tensor('float32', new Float32Array(metrics), [metrics]);
    return { sent, fetches };
  }

  /** Ends a step: what it computed replaces the state. */
  finish(state: Map<string, Ort.Tensor>): void {
    for (const [entry, tensor] of this.between) {
      if (!entry.startsWith('next/')) continue;
      const name = entry.slice('next/'.length);
      this.#spare.set(name, state.get(name)!);
      state.set(name, tensor);
    }
    this.between.clear();
    this.#messages.splice(0, Infinity, ...this.#read.splice(0, Infinity));
  }

  /** Memory for a message of some length. Its buffer is sent away. */
  #message(length: number): Float32Array {
    const at = this.#messages.findIndex((known) => known.length === length);
    const [known] = at < 0 ? [] : this.#messages.splice(at, 1);
    return known ?? new Float32Array(length);
  }

  /** A tensor in the memory that an output shares with others; it is made when it is first needed. */
  #buffer({ type, shape, buffer }: HeldOutput): Ort.Tensor {
    const data = this.#buffers.get(buffer) ?? emptyData(type, shape);
    this.#buffers.set(buffer, data);
    return this.#tensor(type, data, shape);
  }

  #tensor(type: ElementType, data: Memory, shape: readonly number[]): Ort.Tensor {
    return new this.ort.Tensor(type as 'float32', data as Float32Array, [...shape]);
  }
}

/** Where the parts of a message begin; last, where it ends. */
function endsOf(parts: readonly SentMean[]): readonly number[] {
  const ends = [0];
  for (const { shape } of parts) ends.push(ends.at(-1)! + sizeOf(shape));
  return ends;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

function emptyData(type: ElementType, shape: readonly number[]): Memory {
  const size = sizeOf(shape);
  switch (type) {
    case 'float32':
      return new Float32Array(size);
    case 'float16':
      return new Uint16Array(size); // bits
    case 'int32':
      return new Int32Array(size);
    case 'int64':
      return new BigInt64Array(size);
    default:
      return new Uint8Array(size);
  }
}
