import type { Backend, CompiledFunction } from '../contracts/backend.js';
import type { ImageBatch } from '../contracts/dataset.js';
import { AncError } from '../errors/error.js';
import type { ClassifierOutputs, Network, Variables } from '../contracts/network.js';
import { Teacher, type TeacherOutputs } from '../contracts/teacher.js';
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

export interface NetworkTeacherOptions {
  readonly backend: Backend;
  /** Takes bytes: see `standardised`. */
  readonly network: Network<ClassifierOutputs>;
  readonly variables: Variables<HostTensor>;
  /** [H, W, C]. */
  readonly input: readonly number[];
  /** Digest of the variables' content; the network's name and the backend's are added. */
  readonly digest: string;
}

/** A network of ours, frozen: weights are constants of the compiled graph, statistics are the running ones. */
export class NetworkTeacher extends Teacher {
  readonly name: string;
  readonly hash: string;
  readonly #functions = new Map<string, Promise<CompiledFunction>>();

  private constructor(
    readonly options: NetworkTeacherOptions,
    readonly outputs: Tree<readonly number[]>,
  ) {
    super();
    const { network, backend, digest } = options;
    this.name = network.name;
    this.hash = JSON.stringify([network.name, digest, backend.name, backend.environment]);
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
      compiled = compileClassifier(this.options, images.shape, names);
      this.#functions.set(key, compiled);
    }
    return (await compiled).run({ images });
  }

  async dispose(): Promise<void> {
    for (const compiled of this.#functions.values()) await (await compiled).dispose();
    this.#functions.clear();
  }
}

/** Runs one black image to learn the shapes (no batch axis) of a classifier's outputs. */
export async function outputShapes(
  classifier: Pick<NetworkTeacherOptions, 'backend' | 'network' | 'variables'>,
  input: readonly number[],
): Promise<Tree<readonly number[]>> {
  const images: HostTensor = { shape: [1, ...input], data: new Uint8Array(sizeOf(input)) };
  const probe = await compileClassifier(classifier, images.shape, null);
  const outputs = await probe.run({ images });
  await probe.dispose();
  return mapTree(outputs, ({ shape }) => shape.slice(1));
}

/** Compiles a frozen classifier of bytes [B, H, W, C]; all outputs where `names` is null. */
export async function compileClassifier(
  { backend, network, variables }: Pick<NetworkTeacherOptions, 'backend' | 'network' | 'variables'>,
  imageShape: readonly number[],
  names: readonly string[] | null,
): Promise<CompiledFunction> {
  const [batch, ...input] = imageShape as [number, ...number[]];
  const floats = network.summary(input).map(({ output }) => sizeOf(output));
  const portion = chunkSizeFor(batch, 4 * Math.max(0, ...floats), backend.cache);
  const compiled = await backend.compileFunction(
    (tensors, context) => {
      const frozen = { params: subtree(tensors, 'params'), stats: subtree(tensors, 'stats') };
      const { outputs } = network.apply(frozen, tensors.images!, context);
      return Object.fromEntries(Object.entries(outputs).filter(([name]) => names?.includes(name) ?? true));
    },
    {
      id: JSON.stringify(['classifier', network.name, names]),
      inputs: { images: { shape: [portion, ...input], dtype: 'uint8' } },
    },
    mergeTrees(prefixTree('params', variables.params), prefixTree('stats', variables.stats)),
  );
  return portion === batch ? compiled : inChunks(compiled, portion);
}

/** Asks the teacher anew for every batch: what a memo is compared with. */
export function liveTeacher(teacher: Teacher, shape: readonly number[]): TeacherOutputs {
  return {
    outputs: (batch: ImageBatch, names) =>
      teacher.infer({ shape: [batch.indices.length, ...shape], data: batch.images }, names),
  };
}
