import { basename, dirname, join } from 'node:path';
import { readOnnxClassifier } from '@anc/backend-onnx';
import { isAncError, Rng } from '@anc/core';
import { toLazyTensor, type LazyTensor, type OnnxGraph, type StateDict } from '@anc/formats';
import { networkFromOnnx } from '@anc/models';
import { readRegularFile } from '../disk/regular-file.js';
import { readNamedFile } from '../files/named-file.js';
import { asTensors } from '../files/weights.js';

/** Names that PyTorch gives to parameters and running averages. */
const TORCH_NAME = /\.(weight|bias|running_mean|running_var)$/;

/**
 * The weights in an ONNX file: under the names that PyTorch had for them, where its export kept them, and as those of the
 * network in the file. Exports that fold batch norm into convolutions give weights other names and values.
 *
 * @throws `ANC_ONNX` where the file is damaged or no image classifier
 */
export async function onnxWeights(
  file: string,
  input: readonly [number, number, number],
): Promise<{ readonly torch: StateDict; readonly own: StateDict | null; readonly folded: boolean }> {
  const { path, bytes } = await readNamedFile(file, process.cwd());
  const shown = basename(file);
  const { graph, logits, features, layout } = await readOnnxClassifier(bytes, {
    shown,
    images: input,
    readExternal: (beside) => readRegularFile(join(dirname(path), beside)),
  });
  const common = { format: 'onnx', metadata: {} } as const;
  let own: StateDict | null = null;
  try {
    const variables = networkFromOnnx(graph, { name: shown, logits, features, layout }).init(
      Rng.still(),
      input,
    );
    const tensors = Object.entries(asTensors(variables)).map(
      ([name, host]) => [name, toLazyTensor(host)] as const,
    );
    own = { ...common, layout: 'tensorflow', tensors: Object.fromEntries(tensors) };
  } catch (error) {
    if (!isAncError(error)) throw error; // an operator that cannot be trained: its weights have names all the same
  }
  return {
    torch: { ...common, layout: 'torch', tensors: torchTensors(graph) },
    own,
    folded:
      graph.nodes.some(({ op }) => op === 'Conv') &&
      !graph.nodes.some(({ op }) => op === 'BatchNormalization'),
  };
}

/** Constants under PyTorch's names and in its layout: matrices only where the graph transposes them, as it does. */
export function torchTensors({ nodes, constants, literals }: OnnxGraph): Record<string, LazyTensor> {
  const transposed = new Set(
    nodes.flatMap(({ op, inputs, attributes }) =>
      op === 'Gemm' && attributes['transB'] === 1 ? [inputs[1]!] : [],
    ),
  );
  const kept = [...constants].filter(
    ([name, { type, dims }]) =>
      type === 'float' &&
      !literals.has(name) &&
      TORCH_NAME.test(name) &&
      (dims.length !== 2 || transposed.has(name)),
  );
  return Object.fromEntries(
    kept.map(([name, { dims, data }]) => [
      name,
      toLazyTensor({ shape: dims, data: data instanceof Float32Array ? data : Float32Array.from(data) }),
    ]),
  );
}
