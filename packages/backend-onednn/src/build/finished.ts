import type { FlatPort } from '../graph/flat-graph.js';
import { bytesOfShape } from '../library/onednn.js';
import { STATE, type Builder } from './builder.js';
import type { HostArray, Storage } from './storage.js';
import { NEXT } from './uses.js';

/** What runs, and where it reads and writes. */
export interface Finished {
  /** What runs, in order; a step that uses the state is there after `bind`. */
  readonly steps: readonly (() => void)[];
  /** Gives entries of the state their places in the heap. */
  readonly bind: (places: ReadonlyMap<string, number>) => void;
  /** Memory that the steps use by its address alone. */
  readonly buffers: readonly ArrayBufferLike[];
  readonly inputs: ReadonlyMap<string, HostArray>;
  readonly outputs: ReadonlyMap<string, HostArray>;
  /** Bytes that the tensors share. */
  readonly arena: number;
}

const unbound = (): void => {
  throw new Error('this program has no state yet');
};

/** Brings the outputs of the graph to plain tensors of their own type. */
export function exportOutputs(builder: Builder): void {
  const { graph, memory } = builder;
  for (const { name, value } of graph.outputs) {
    const tensor = builder.get(value);
    const plain = builder.asPlain(tensor, tensor.type === 'bfloat16' ? 'float32' : tensor.type);
    builder.set(value, plain);
    // an entry of a state that another one is replaced by: it may be overwritten before that is done
    if (memory.heap === null || !name.startsWith(NEXT) || !plain.storage.isFixed) continue;
    if (plain.storage.isConstant) continue;
    const copy = memory.plain(plain.type, plain.shape, [plain]);
    builder.copy(plain, copy);
    builder.set(value, copy);
  }
}

/**
 * Outputs that replace an entry of the state and may be computed in its place: nothing reads the entry afterwards, but for
 * the kernel that computes the output from the elements at the same places.
 */
function computedInPlace(builder: Builder): Map<Storage, string> {
  const found = new Map<Storage, string>();
  for (const { name, value } of builder.graph.outputs) {
    const entry = name.startsWith(NEXT) ? name.slice(NEXT.length) : null;
    const old = entry === null ? undefined : builder.states.get(entry);
    const { storage, offset, strides } = builder.get(value);
    if (old === undefined || storage.isFixed || found.has(storage)) continue;
    if (offset !== 0 || storage.bytes !== old.bytes) continue;
    const step = builder.steps.planned[storage.first];
    const isElementwise =
      step?.elementwise?.some((tensor) => tensor.storage === storage) === true &&
      step.tensors.every(
        (tensor) =>
          tensor.storage !== old || (tensor.offset === 0 && tensor.strides?.join() === strides!.join()),
      );
    if (old.last < storage.first || (old.last === storage.first && isElementwise)) found.set(storage, entry!);
  }
  return found;
}

/**
 * Gives every tensor of a builder a place and makes its steps ready to run.
 *
 * @param advances whether outputs that replace entries of the state do so at once
 */
export function finished(builder: Builder, advances = false): Finished {
  const { graph, memory } = builder;
  const planned = [...builder.steps.planned];
  const last = planned.length;
  for (const { value } of graph.outputs) builder.get(value).storage.usedBy(last);
  const inPlace = advances ? computedInPlace(builder) : new Map<Storage, string>();
  const arena = memory.placeArena(inPlace);
  builder.steps.kernels?.compile();
  const states = new Map(builder.states);
  const ofState = new Set([...states.values(), ...inPlace.keys()]);
  const bound = planned.map(({ tensors }) => tensors.some(({ storage }) => ofState.has(storage)));
  const steps = planned.map(({ prepare }, i) => (bound[i]! ? unbound : prepare()));
  const buffers = planned.flatMap(({ tensors }, i) =>
    bound[i]! ? [] : tensors.map(({ storage }) => storage.place.buffer),
  );
  const input = ({ name, value }: FlatPort) => [name, memory.host(builder.given.get(value)!)] as const;
  const output = ({ name, value }: FlatPort) => [name, memory.host(builder.get(value))] as const;
  const isEntry = ({ name }: FlatPort): boolean => memory.heap !== null && name.startsWith(STATE);
  const replaces = ({ name }: FlatPort): boolean => advances && name.startsWith(NEXT);
  const written = graph.outputs.filter(replaces).flatMap(({ name, value }) => {
    const entry = name.slice(NEXT.length);
    const { storage, offset, type, shape } = builder.get(value);
    return inPlace.get(storage) === entry
      ? []
      : [{ entry, storage, offset, bytes: bytesOfShape(type, shape) }];
  });
  const bind = (places: ReadonlyMap<string, number>): void => {
    const { buffer } = memory.heap!;
    for (const [entry, storage] of states) storage.put(buffer, places.get(entry)!);
    for (const [storage, entry] of inPlace) storage.put(buffer, places.get(entry)!);
    memory.rebind(() => {
      planned.forEach(({ prepare }, i) => {
        if (bound[i]!) steps[i] = prepare();
      });
    });
    written.forEach(({ entry, storage, offset, bytes }, i) => {
      const from = new Uint8Array(storage.place.buffer, storage.place.offset + offset, bytes);
      const to = new Uint8Array(buffer, places.get(entry), bytes);
      steps[last + i] = () => to.set(from);
    });
  };
  const made = {
    steps,
    bind,
    buffers: [...new Set(buffers)],
    inputs: new Map(graph.inputs.filter((port) => !isEntry(port)).map(input)),
    outputs: new Map(graph.outputs.filter((port) => !replaces(port)).map(output)),
    arena,
  };
  builder.clear();
  return made;
}
