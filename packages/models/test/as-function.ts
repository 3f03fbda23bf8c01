import {
  EagerBackend,
  mapTree,
  mergeTrees,
  prefixTree,
  Rng,
  sizeOf,
  subtree,
  type ClassifierOutputs,
  type Host,
  type Network,
  type TensorFunction,
  type Tree,
  type Variables,
} from '@anc/core';

/** Variables under the names that they have in a file of ours. */
export const asTensors = ({ params, stats }: Variables<Host>): Tree<Host> =>
  mergeTrees(prefixTree('params', params), prefixTree('stats', stats));

/** A network as a function of `images` and of its variables, called as `asTensors` calls them. */
export const classify =
  (network: Network<ClassifierOutputs>): TensorFunction =>
  ({ images, ...tensors }, context) => {
    const own = { params: subtree(tensors, 'params'), stats: subtree(tensors, 'stats') };
    const { logits, features } = network.apply(own, images!, context).outputs;
    return { logits, features };
  };

/** Logits and features of normalised images [batch, H, W, C], computed on tfjs's CPU backend. */
export async function score(
  network: Network<ClassifierOutputs>,
  variables: Variables<Host>,
  images: Host,
): Promise<Tree<Host>> {
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

/** Normal numbers. */
export const random = (seed: number, shape: readonly number[]): Host => {
  const rng = Rng.fromSeed(seed);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()) };
};

/** Variables of which none is what an untrained network has. */
export function trained(network: Network<ClassifierOutputs>, input: readonly number[]): Variables<Host> {
  const { params, stats } = network.init(Rng.fromSeed(1), input);
  const moved = ({ shape, data }: Host, name: string): Host => ({
    shape,
    data: Float32Array.from(
      data,
      (value, i) => value + (name.endsWith('variance') ? 0.5 : 0.1) + (i % 7) / 70,
    ),
  });
  return { params: mapTree(params, moved), stats: mapTree(stats, moved) };
}
