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
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Estimator } from './estimators.js';

/** A network that computes with few-valued weights and trains full-precision ones behind them. */
export interface QuantizedNetwork extends Network<ClassifierOutputs> {
  readonly estimator: Estimator;
  readonly plain: Network<ClassifierOutputs>;
  /** Names of the weights that are quantised, in order of execution. */
  covered(input: readonly number[]): readonly string[];
  /**
   * The parameters of the plain network as they are computed with: what is stored and exported. With an estimator
   * that leaves inputs alone the plain network gives the same outputs from them.
   */
  effective(params: Tree, input: readonly number[]): Record<string, Tensor>;
}

export const isQuantized = (network: Network<ClassifierOutputs>): network is QuantizedNetwork =>
  'estimator' in network && 'plain' in network;

/**
 * Quantises a network's weights in the forward pass. The variables keep their names and hold the full-precision
 * (latent) weights; an estimator's own parameters are `<layer>/weights/<name>`. It composes with any method: the
 * method sees a network.
 */
export function quantized(plain: Network<ClassifierOutputs>, estimator: Estimator): QuantizedNetwork {
  const weighted = (input: readonly number[], names: readonly string[]): readonly string[] => {
    const known = new Set(names);
    const inOrder = plain
      .summary(input)
      .map(({ name }) => `${name}/weights`)
      .filter((name) => known.has(name));
    const found = estimator.layers === 'all' ? inOrder : inOrder.slice(1, -1);
    if (found.length > 0) return found;
    throw new AncError('ANC_QUANTIZE', `${plain.name} has no layers for ${estimator.name} to quantise.`, {
      expected:
        estimator.layers === 'all'
          ? 'layers with weights'
          : 'layers with weights between the first and the last',
    });
  };
  const effective = (params: Tree, input: readonly number[]): Record<string, Tensor> => {
    const covered = new Set(weighted(input, Object.keys(params)));
    const own = Object.fromEntries(
      Object.entries(params).filter(
        ([name]) => ![...covered].some((weights) => name.startsWith(`${weights}/`)),
      ),
    );
    return mapTree(own, (leaf, name) =>
      covered.has(name) ? estimator.weights(leaf, subtree(params, name)) : leaf,
    );
  };
  return {
    name: `quantised(${plain.name}, ${estimator.name})`,
    estimator,
    plain,
    effective,
    covered: (input) => weighted(input, Object.keys(plain.init(Rng.fromSeed(0), input).params)),
    init(rng, input) {
      const { params, stats } = plain.init(rng, input);
      const extra = weighted(input, Object.keys(params)).map((name) =>
        prefixTree<HostTensor>(name, estimator.init(params[name]!)),
      );
      return { params: mergeTrees(params, ...extra), stats };
    },
    apply({ params, stats }, x, context) {
      const input = x.shape.slice(1);
      const used = effective(params, input);
      if (estimator.input === undefined) return plain.apply({ params: used, stats }, x, context);
      const few = new Set(weighted(input, Object.keys(used)).map((name) => used[name]!));
      return plain.apply({ params: used, stats }, x, binarisingInputs(context, few, estimator));
    },
    summary: (input) => plain.summary(input),
  };
}

/** A context under which the inputs of some weights are quantised. */
function binarisingInputs(context: Context, weights: ReadonlySet<Tensor>, { input }: Estimator): Context {
  return {
    ...context,
    noise: (name, shape, law) => context.noise(name, shape, law),
    activation: (name, x) => context.activation(name, x),
    operand(x, met) {
      const seen = context.operand ? context.operand(x, met) : x;
      return weights.has(met) ? input!(seen) : seen;
    },
  };
}
