import { readOnnxGraph } from '@anc/backend-onnx';
import { isAncError, Rng, type FrozenNetwork } from '@anc/core';
import { networkFromOnnx } from '@anc/models';
import { sha256 } from '../files/named-file.js';

/**
 * A teacher in an ONNX file as a network, through which gradients reach the pixels on every backend. Its outputs for
 * images are computed by ONNX Runtime as before.
 *
 * @param model takes bytes [B, H, W, C]; its outputs are the logits and, where it has them, the features
 * @returns undefined where one of its operators is not supported
 */
export function frozenFromOnnx(
  model: Uint8Array,
  shown: string,
  images: readonly [number, number, number],
): FrozenNetwork | undefined {
  try {
    const graph = readOnnxGraph(model, shown);
    const [logits = '', features = null] = graph.outputs;
    const name = JSON.stringify(['onnx', sha256(model)]);
    const network = networkFromOnnx(graph, { name, logits, features, layout: 'nhwc' });
    return { network, variables: network.init(Rng.still(), images) };
  } catch (error) {
    if (isAncError(error) && UNSUPPORTED.includes(error.code)) return undefined;
    throw error;
  }
}

const UNSUPPORTED: readonly string[] = ['ANC_ONNX_OPERATOR', 'ANC_ONNX', 'ANC_EXPORT', 'ANC_MODEL_INPUT'];
