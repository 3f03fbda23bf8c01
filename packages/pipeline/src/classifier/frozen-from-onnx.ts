import { readOnnxGraph } from '@anc/backend-onnx';
import { isAncError, Rng, type FrozenNetwork } from '@anc/core';
import { networkFromOnnx, type OnnxNetwork } from '@anc/models';
import { sha256 } from '../files/named-file.js';

/**
 * A teacher in an ONNX file as a network, through which gradients reach the pixels on every backend. Its outputs for
 * images are computed by ONNX Runtime as before; the network is made when a method applies it.
 *
 * @param model takes bytes [B, H, W, C]; its outputs are the logits and, where it has them, the features
 * @returns undefined where one of its operators is not supported
 */
export function frozenFromOnnx(
  model: Uint8Array,
  shown: string,
  images: readonly [number, number, number],
): FrozenNetwork | undefined {
  const made = (): OnnxNetwork => {
    const graph = readOnnxGraph(model, shown);
    const [logits = '', features = null] = graph.outputs;
    return networkFromOnnx(graph, {
      name: JSON.stringify(['onnx', sha256(model)]),
      logits,
      features,
      layout: 'nhwc',
    });
  };
  try {
    made().summary(images);
  } catch (error) {
    if (isAncError(error) && UNSUPPORTED.includes(error.code)) return undefined;
    throw error;
  }
  let network: OnnxNetwork | null = null;
  let variables: FrozenNetwork['variables'] | null = null;
  return {
    get network() {
      return (network ??= made());
    },
    get variables() {
      return (variables ??= this.network.init(Rng.still(), images));
    },
  };
}

const UNSUPPORTED: readonly string[] = ['ANC_ONNX_OPERATOR', 'ANC_ONNX', 'ANC_EXPORT', 'ANC_MODEL_INPUT'];
