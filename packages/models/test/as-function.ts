import {
  EagerBackend,
  mapTree,
  mergeTrees,
  prefixTree,
  Rng,
  sizeOf,
  subtree,
  type ClassifierOutputs,
  type HostTensor,
  type Network,
  type TensorFunction,
  type Tree,
  type Variables,
} from '@anc/core';

/** Variables under the names of our weights files. */
export const asTensors = ({ params, stats }: Variables<HostTensor>): Tree<HostTensor> =>
  mergeTrees(prefixTree('params', params), prefixTree('stats', stats));

/** A network as a function of `images` and its variables, named as in `asTensors`. */
export const classify =
  (network: Network<ClassifierOutputs>): TensorFunction =>
  ({ images, ...tensors }, context) => {
    const own = { params: subtree(tensors, 'params'), stats: subtree(tensors, 'stats') };
    const { logits, features } = network.apply(own, images!, context).outputs;
    return { logits, features };
  };

/** Logits and features of normalized images [batch, H, W, C], computed on tfjs's CPU backend. */
export async function score(
  network: Network<ClassifierOutputs>,
  variables: Variables<HostTensor>,
  images: HostTensor,
): Promise<Tree<HostTensor>> {
  const compiled = await new EagerBackend('cpu').compileFunction(
    classify(network),
    { id: 'score', inputs: { images: { shape: images.shape, dtype: 'float32' } } },
    asTensors(variables),
  );
  try {
    return await compiled.run({ images });
  } finally {
    await compiled.dispose();
  }
}

/** Normally distributed values. */
export const random = (seed: number, shape: readonly number[]): HostTensor => {
  const rng = Rng.fromSeed(seed);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()) };
};

/** Variables that all differ from those of an untrained network. */
export function trained(
  network: Network<ClassifierOutputs>,
  input: readonly number[],
): Variables<HostTensor> {
  const { params, stats } = network.init(Rng.fromSeed(1), input);
  const moved = ({ shape, data }: HostTensor, name: string): HostTensor => ({
    shape,
    data: Float32Array.from(
      data,
      (value, i) => value + (name.endsWith('variance') ? 0.5 : 0.1) + (i % 7) / 70,
    ),
  });
  return { params: mapTree(params, moved), stats: mapTree(stats, moved) };
}
