import type { Backend, CompiledFunction } from '../contracts/backend.js';
import type { ImageBatch } from '../contracts/dataset.js';
import type { ClassifierOutputs, Network, Variables } from '../contracts/network.js';
import { Teacher, type FrozenNetwork, type TeacherOutputs } from '../contracts/teacher.js';
import { originOf } from '../contracts/origin.js';
import type { FunctionSpec, TensorFunction } from '../contracts/step.js';
import { AncError } from '../errors/error.js';
import { inPart } from '../purity/parts.js';
import {
  mapTree,
  mergeTrees,
  prefixTree,
  sizeOf,
  subtree,
  type HostTensor,
  type Tree,
} from '../tree/tree.js';
import { inChunks, chunkSizeFor } from './chunks.js';

/** A network with its weights, on a backend. */
export interface FrozenClassifier {
  readonly backend: Backend;
  /** Takes bytes: see `normalizedNetwork`. */
  readonly network: Network<ClassifierOutputs>;
  readonly variables: Variables<HostTensor>;
  /** Whether its code runs twice where it is compiled: see `CompileOptions`. */
  readonly repeats?: boolean;
}

export interface NetworkTeacherOptions extends FrozenClassifier {
  /** [H, W, C]. */
  readonly input: readonly number[];
  /** Digest of the variables; the teacher's hash adds the names of network and backend. */
  readonly digest: string;
}

/**
 * A frozen network as a teacher: its weights are constants of the compiled graph, batch norm uses the running
 * averages.
 */
export class NetworkTeacher extends Teacher {
  readonly name: string;
  #examples: HostTensor | null = null;
  #hash: string;
  override readonly frozen: FrozenNetwork;
  readonly #functions = new Map<string, Promise<CompiledFunction>>();

  private constructor(
    readonly options: NetworkTeacherOptions,
    readonly outputs: Tree<readonly number[]>,
  ) {
    super();
    const { network, backend, digest } = options;
    this.name = network.name;
    this.frozen = { network, variables: options.variables };
    this.#hash = JSON.stringify([cacheNameOf(network), digest, backend.name, backend.environment]);
  }

  get hash(): string {
    return this.#hash;
  }

  override calibrate(images: HostTensor, digest: string): void {
    this.#examples = images;
    this.#hash = JSON.stringify([this.#hash, 'calibrated on', digest]);
  }

  static async create(options: NetworkTeacherOptions): Promise<NetworkTeacher> {
    return new NetworkTeacher(options, await outputShapes(options, options.input));
  }

  async infer(images: HostTensor, names: readonly string[]): Promise<Tree<HostTensor>> {
    const unknown = names.find((name) => !Object.hasOwn(this.outputs, name));
    if (unknown !== undefined) {
      throw new AncError('ANC_TEACHER_OUTPUT', `teacher "${this.name}" has no output "${unknown}".`, {
        expected: `one of ${Object.keys(this.outputs).join(', ')}`,
      });
    }
    const key = JSON.stringify([images.shape, names]);
    let compiled = this.#functions.get(key);
    if (compiled === undefined) {
      compiled = compileClassifier(this.options, images.shape, names, this.#examples);
      this.#functions.set(key, compiled);
    }
    return (await compiled).run({ images });
  }

  async dispose(): Promise<void> {
    for (const compiled of this.#functions.values()) await (await compiled).dispose();
    this.#functions.clear();
  }
}

/**
 * The network's name in cache keys: earlier versions spelled it so, and their caches of teacher outputs stay valid.
 */
const cacheNameOf = ({ name }: Network<ClassifierOutputs>): string =>
  name.replace(/^normalized\(/, 'standardised(');

/** Shapes (no batch axis) of a classifier's outputs; from a run on one black image where the backend has to compute them. */
export async function outputShapes(
  classifier: FrozenClassifier,
  input: readonly number[],
): Promise<Tree<readonly number[]>> {
  const { backend, repeats = true } = classifier;
  const image = [1, ...input];
  if (backend.outputShapes === undefined) {
    const black: HostTensor = { shape: image, data: new Uint8Array(sizeOf(input)) };
    return mapTree(await outputsOf(classifier, black), ({ shape }) => shape.slice(1));
  }
  const { f, spec, constants } = classifierFunction(classifier, image, null);
  return mapTree(backend.outputShapes(f, spec, constants, { repeats }), (shape) => shape.slice(1));
}

/** A classifier's outputs, all of them, for a few images. */
export async function outputsOf(classifier: FrozenClassifier, images: HostTensor): Promise<Tree<HostTensor>> {
  const compiled = await compileClassifier(classifier, images.shape, null);
  const outputs = await compiled.run({ images });
  await compiled.dispose();
  return outputs;
}

/**
 * Compiles a frozen classifier of bytes [B, H, W, C]; all outputs where `names` is null.
 *
 * @param examples images [N, H, W, C] of bytes like those that it will run on, for backends that calibrate
 */
export async function compileClassifier(
  classifier: FrozenClassifier,
  imageShape: readonly number[],
  names: readonly string[] | null,
  examples: HostTensor | null = null,
): Promise<CompiledFunction> {
  const { backend, network, repeats = true } = classifier;
  const [batch, ...input] = imageShape as [number, ...number[]];
  const floats = network.summary(input).map(({ output }) => sizeOf(output));
  const chunk = chunkSizeFor(batch, 4 * Math.max(0, ...floats), backend.cache);
  const { f, spec, constants } = classifierFunction(classifier, [chunk, ...input], names);
  const compiled = await backend.compileFunction(f, spec, constants, {
    repeats,
    ...(examples !== null && { examples: inBatches(examples, chunk) }),
  });
  return chunk === batch ? compiled : inChunks(compiled, chunk);
}

/** A frozen classifier of bytes as a function for a backend; all outputs where `names` is null. */
function classifierFunction(
  { network, variables }: FrozenClassifier,
  imageShape: readonly number[],
  names: readonly string[] | null,
): { f: TensorFunction; spec: FunctionSpec; constants: Tree<HostTensor> } {
  const what = originOf('network', network);
  return {
    f(tensors, context) {
      const frozen = { params: subtree(tensors, 'params'), stats: subtree(tensors, 'stats') };
      const { outputs } = inPart(what, () => network.apply(frozen, tensors.images!, context));
      return Object.fromEntries(Object.entries(outputs).filter(([name]) => names?.includes(name) ?? true));
    },
    spec: {
      id: JSON.stringify(['classifier', network.name, names]),
      title: what,
      inputs: { images: { shape: imageShape, dtype: 'uint8' } },
    },
    constants: mergeTrees(prefixTree('params', variables.params), prefixTree('stats', variables.stats)),
  };
}

/** Batches of `size` images; the first images fill up the last batch, so that the same images are in all of them. */
function inBatches(images: HostTensor, size: number): readonly Tree<HostTensor>[] {
  const [count, ...shape] = images.shape as [number, ...number[]];
  const each = sizeOf(shape);
  return Array.from({ length: Math.ceil(count / size) }, (_, batch) => {
    const data = new Uint8Array(size * each);
    for (let row = 0; row < size; row++) {
      const from = ((batch * size + row) % count) * each;
      data.set((images.data as Uint8Array).subarray(from, from + each), row * each);
    }
    return { images: { shape: [size, ...shape], data } };
  });
}

/** Teacher outputs without a cache: computed for every batch. */
export function liveTeacher(teacher: Teacher, shape: readonly number[]): TeacherOutputs {
  return {
    outputs: ({ indices, images }: ImageBatch, names) =>
      teacher.infer({ shape: [indices.length, ...shape], data: images }, names),
  };
}
