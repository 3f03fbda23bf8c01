import {
  AncError,
  mapTree,
  mergeTrees,
  prefixTree,
  Rng,
  subtree,
  type ClassifierOutputs,
  type Context,
  type HostTensor,
  type Network,
  type Tree,
} from '@anc/core';
import { shareOrigin } from '@anc/core/internal';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Estimator } from './estimators.js';

/** A network that computes with quantized weights and trains full-precision (latent) ones. */
export interface QuantizedNetwork extends Network<ClassifierOutputs> {
  /** How weights are quantized. */
  readonly estimator: Estimator;
  /** The network with full-precision weights. */
  readonly plain: Network<ClassifierOutputs>;
  /** Names of the weights that are quantized, in order of execution. */
  covered(input: readonly number[]): readonly string[];
  /**
   * The plain network's parameters with quantized weights: the ones that are stored and exported. Unless the estimator
   * quantizes inputs too, the plain network computes the same outputs from them.
   */
  effective(params: Tree, input: readonly number[]): Record<string, Tensor>;
}

/** Whether a network was made by `quantized`. */
export const isQuantized = (network: Network<ClassifierOutputs>): network is QuantizedNetwork =>
  'estimator' in network && 'plain' in network;

/**
 * Quantizes a network's weights in the forward pass. The variables keep their names and hold the full-precision
 * (latent) weights; the estimator's own parameters are `<layer>/weights/<name>`. Any method can train the result, since
 * it is a network.
 * @throws `ANC_QUANTIZE` at `init`, if the network has no layers to quantize.
 */
export function quantized(plain: Network<ClassifierOutputs>, estimator: Estimator): QuantizedNetwork {
  const coveredIn = (input: readonly number[], names: readonly string[]): readonly string[] => {
    const known = new Set(names);
    const inOrder = plain
      .summary(input)
      .map(({ name }) => `${name}/weights`)
      .filter((name) => known.has(name));
    const found = estimator.layers === 'all' ? inOrder : inOrder.slice(1, -1);
    if (found.length > 0) return found;
    throw new AncError('ANC_QUANTIZE', `${plain.name} has no layers for ${estimator.name} to quantize.`, {
      expected:
        estimator.layers === 'all'
          ? 'layers with weights'
          : 'layers with weights between the first and the last',
    });
  };
  const effective = (params: Tree, input: readonly number[]): Record<string, Tensor> => {
    const covered = new Set(coveredIn(input, Object.keys(params)));
    const plainParams = Object.fromEntries(
      Object.entries(params).filter(
        ([name]) => ![...covered].some((weights) => name.startsWith(`${weights}/`)),
      ),
    );
    return mapTree(plainParams, (leaf, name) =>
      covered.has(name) ? estimator.weights(leaf, subtree(params, name)) : leaf,
    );
  };
  const network: QuantizedNetwork = {
    name: `quantized(${plain.name}, ${estimator.name})`,
    estimator,
    plain,
    effective,
    covered: (input) => coveredIn(input, Object.keys(plain.init(Rng.fromSeed(0), input).params)),
    init(rng, input) {
      const { params, stats } = plain.init(rng, input);
      const extra = coveredIn(input, Object.keys(params)).map((name) =>
        prefixTree<HostTensor>(name, estimator.init(params[name]!)),
      );
      return { params: mergeTrees(params, ...extra), stats };
    },
    apply({ params, stats }, x, context) {
      const input = x.shape.slice(1);
      const used = effective(params, input);
      if (estimator.input === undefined) return plain.apply({ params: used, stats }, x, context);
      const quantizedWeights = new Set(coveredIn(input, Object.keys(used)).map((name) => used[name]!));
      return plain.apply({ params: used, stats }, x, quantizingInputs(context, quantizedWeights, estimator));
    },
    summary: (input) => plain.summary(input),
  };
  shareOrigin(network, plain);
  return network;
}

/** A context that quantizes the inputs of layers with the given weights. */
function quantizingInputs(context: Context, weights: ReadonlySet<Tensor>, { input }: Estimator): Context {
  return {
    ...context,
    noise: (name, shape, distribution) => context.noise(name, shape, distribution),
    activation: (name, x) => context.activation(name, x),
    operand(x, kernel) {
      const operand = context.operand ? context.operand(x, kernel) : x;
      return weights.has(kernel) ? input!(operand) : operand;
    },
  };
}
