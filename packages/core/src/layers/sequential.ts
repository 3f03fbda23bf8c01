import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerSummary } from '../contracts/network.js';
import { AncError } from '../errors/error.js';
import { mergeTrees, prefixTree, subtrees, type HostTensor, type Tree } from '../tree/tree.js';
import { withLayerPath, type Layer } from './layer.js';

function assertHoldable(name: string, rows: readonly LayerSummary[]): void {
  const parameters = rows.reduce((sum, row) => sum + row.parameters, 0);
  if (parameters <= MOST_PARAMETERS) return;
  throw new AncError('ANC_MODEL', `${name}: the network is too large.`, {
    expected: `at most ${MOST_PARAMETERS} parameters`,
    received: `${parameters}`,
    hint: 'choose fewer or narrower layers, or smaller images.',
  });
}

/** Throws `ANC_MODEL` where two layers of a container have the same name: their variables would collide. */
export function assertDistinct(name: string, layers: readonly Layer[]): void {
  const seen = new Set<string>();
  for (const layer of layers) {
    if (seen.has(layer.name)) {
      throw new AncError('ANC_MODEL', `${name}: two layers are named "${layer.name}".`, {
        hint: 'give each layer of a container its own name.',
      });
    }
    seen.add(layer.name);
  }
}

/** Parameters of a network: 2 GiB of float32, as much as an ONNX model holds. */
const MOST_PARAMETERS = 2 ** 29;

/**
 * Applies layers one after the other. The variables of layer `conv1` are named `conv1/…`. `init` throws `ANC_MODEL`, and
 * allocates nothing, where they have more than 2^29 parameters.
 */
export function sequential(name: string, layers: readonly Layer[]): Layer {
  assertDistinct(name, layers);
  const names = layers.map((layer) => layer.name);

  /** Calls `visit` with each layer and its input shape; returns the shape of the last output. */
  const walk = (
    input: readonly number[],
    visit: (layer: Layer, input: readonly number[]) => void = () => undefined,
  ): readonly number[] =>
    withLayerPath(name, () =>
      layers.reduce((shape, layer) => {
        visit(layer, shape);
        return layer.outputShape(shape);
      }, input),
    );

  return {
    name,
    outputShape: (input) => walk(input),
    init(rng, input) {
      assertHoldable(name, this.summary(input));
      const params: Tree<HostTensor>[] = [];
      const stats: Tree<HostTensor>[] = [];
      walk(input, (layer, shape) => {
        const own = layer.init(rng.split(layer.name), shape);
        params.push(prefixTree(layer.name, own.params));
        stats.push(prefixTree(layer.name, own.stats));
      });
      return { params: mergeTrees(...params), stats: mergeTrees(...stats) };
    },
    apply(variables, x, context) {
      let output: Tensor = x;
      const stats: Record<string, Tensor> = {};
      const params = subtrees(variables.params, names);
      const before = subtrees(variables.stats, names);
      for (const layer of layers) {
        const own = { params: params.get(layer.name)!, stats: before.get(layer.name)! };
        const applied = layer.apply(own, output, context);
        output = applied.output;
        Object.assign(stats, prefixTree(layer.name, applied.stats));
      }
      return { output, stats };
    },
    summary(input) {
      const rows: LayerSummary[] = [];
      walk(input, (layer, shape) => {
        rows.push(...layer.summary(shape).map((row) => ({ ...row, name: `${name}/${row.name}` })));
      });
      return rows;
    },
  };
}
