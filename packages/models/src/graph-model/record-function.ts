import {
  inference,
  mapTree,
  type FunctionSpec,
  type HostTensor,
  type TensorFunction,
  type Tree,
} from '@anc/core';
import { BATCH, constant, node, shapeOf, type, type Recorded } from './node.js';
import { record } from './recorder.js';

/** Inputs and outputs of a recorded function, as tensors of a graph. */
export interface RecordedFunction {
  readonly inputs: Tree<Recorded>;
  readonly outputs: Tree<Recorded>;
}

/**
 * Records the inference of a function of tensors. Every input's first axis is the batch; bytes are taken as int32, as
 * `tf.browser.fromPixels` returns them, and are cast. Inputs and `constants` keep their names.
 * @throws `ANC_EXPORT` if an operation cannot be expressed in a TensorFlow graph
 */
export function recordFunction(
  f: TensorFunction,
  { inputs }: FunctionSpec,
  constants: Tree<HostTensor>,
): RecordedFunction {
  const placeholders = mapTree(inputs, ({ shape, dtype }, name) => {
    const seen = dtype === 'float32' ? 'float32' : 'int32';
    const own = { dtype: type(seen), shape: shapeOf([-1, ...shape.slice(1)]) };
    return node('Placeholder', [], [BATCH, ...shape.slice(1)], own, { dtype: seen, name });
  });
  const given = mapTree(placeholders, (each, name) =>
    inputs[name]!.dtype === 'uint8'
      ? node('Cast', [each], each.shape, { SrcT: type('int32'), DstT: type('float32') }, { dtype: 'float32' })
      : each,
  );
  const frozen = mapTree(constants, ({ shape, data }, name) =>
    data instanceof Float32Array
      ? constant(data, shape, 'float32', name)
      : constant(Int32Array.from(data), shape, 'int32', name),
  );
  const outputs = record({ ...frozen, ...given }, (tensors) => f(tensors, inference));
  return { inputs: placeholders, outputs };
}
