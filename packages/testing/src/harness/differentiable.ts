import {
  drawNoise,
  mapTree,
  namesOf,
  prefixTree,
  Rng,
  sizeOf,
  specOf,
  subtree,
  valueAndGradients,
  type Backend,
  type CompiledFunction,
  type HostTensor,
  type ObjectiveContext,
  type Tree,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { setBackend } from './set-backend.js';
import { toTensor } from './tensors.js';

/** A scalar function of named tensors. `noise` draws what the function takes from its context. */
export type ScalarFunction = (leaves: Tree, noise: ObjectiveContext['noise']) => Scalar;

/** A scalar function on a backend, which may compile it. */
export interface Differentiable {
  value(leaves: Tree<HostTensor>): Promise<number>;
  gradients(leaves: Tree<HostTensor>): Promise<Tree<HostTensor>>;
  dispose(): Promise<void>;
}

let compiled = 0;

/** Standard normal numbers, always the same for a name. */
export function normalTensor(name: string, shape: readonly number[], scale = 1): HostTensor {
  const rng = Rng.fromSeed(3).split(name);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => scale * rng.normal()) };
}

/** Runs a function once on plain JavaScript and returns the noise that it draws. */
export async function noiseOf(f: ScalarFunction, leaves: Tree<HostTensor>): Promise<Tree<HostTensor>> {
  await setBackend();
  const drawn: Record<string, HostTensor> = {};
  tf.tidy(() => {
    f(mapTree(leaves, toTensor), (name, shape, distribution) => {
      drawn[name] = drawNoise({ name, shape, distribution }, 1, 0);
      return toTensor(drawn[name]);
    });
  });
  return drawn;
}

/** Compiles a function and its gradients for leaves of these shapes. */
export async function differentiable(
  backend: Backend,
  f: ScalarFunction,
  leaves: Tree<HostTensor>,
): Promise<Differentiable> {
  const noise = prefixTree('noise', await noiseOf(f, leaves));
  const inputs = (given: Tree<HostTensor>): Tree<HostTensor> => ({ ...prefixTree('leaf', given), ...noise });
  const inner: CompiledFunction = await backend.compileFunction(
    (tensors) => {
      const drawn = subtree(tensors, 'noise');
      const { loss, grads } = valueAndGradients(
        // adding zero times a leaf makes this differentiable for functions that use none
        (own) => ({
          loss: tf.add<Scalar>(
            f(own, (name) => drawn[name]!),
            nothing(own),
          ),
        }),
        subtree(tensors, 'leaf'),
      );
      return { value: tf.reshape(loss, []), ...prefixTree('gradient', grads) };
    },
    { id: `contract: component ${compiled++}`, inputs: mapTree(inputs(leaves), specOf) },
  );
  return {
    value: async (given) => (await inner.run(inputs(given))).value!.data[0]!,
    gradients: async (given) => subtree(await inner.run(inputs(given)), 'gradient'),
    dispose: () => inner.dispose(),
  };
}

const nothing = (leaves: Tree): Scalar => tf.mul(0, tf.sum(leaves[namesOf(leaves)[0]!]!));

const lengthOf = ({ data }: HostTensor): number => Math.hypot(...data);

/** leaf + by · direction. */
const moved = ({ shape, data }: HostTensor, direction: HostTensor, by: number): HostTensor => ({
  shape,
  data: Float32Array.from(data, (value, i) => value + by * direction.data[i]!),
});

/**
 * Checks gradients against central differences in float32, of `differencesOf` where that is another one than `f`, along one direction per leaf: the gradient's, or a random one
 * where it is zero.
 *
 * @returns one message per leaf whose gradient is wrong by more than `tolerance` times the largest derivative of all.
 */
export async function wrongDerivatives(
  f: Differentiable,
  leaves: Tree<HostTensor>,
  { step = 2e-3, tolerance = 0.05, differencesOf = f } = {},
): Promise<string[]> {
  const gradients = await f.gradients(leaves);
  const scale = Math.max(1e-3, ...Object.values(gradients).map(lengthOf));
  const wrong: string[] = [];
  for (const name of namesOf(gradients)) {
    const gradient = gradients[name]!;
    const derivative = lengthOf(gradient);
    const along = derivative > 0 ? gradient : normalTensor(`direction of ${name}`, gradient.shape);
    const unit = moved(
      { shape: along.shape, data: new Float32Array(along.data.length) },
      along,
      1 / lengthOf(along),
    );
    const at = (by: number): Promise<number> =>
      differencesOf.value({ ...leaves, [name]: moved(leaves[name]!, unit, by) });
    const measured = ((await at(step)) - (await at(-step))) / (2 * step);
    if (Math.abs(measured - derivative) / scale < tolerance) continue;
    wrong.push(
      `"${name}": gradient ${derivative.toPrecision(4)}, finite difference ${measured.toPrecision(4)}`,
    );
  }
  return wrong;
}

/** A step against the gradient. */
export const descended = (
  leaves: Tree<HostTensor>,
  gradients: Tree<HostTensor>,
  rate: number,
): Tree<HostTensor> => mapTree(leaves, (leaf, name) => moved(leaf, gradients[name]!, -rate));
