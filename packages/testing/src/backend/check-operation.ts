import {
  mapTree,
  prefixTree,
  sizeOf,
  specOf,
  valueAndGradients,
  type Backend,
  type HostTensor,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import type { Float64 } from '../float64/array.js';
import { finiteDifferences } from '../float64/finite-differences.js';
import { relativeError } from '../harness/compare.js';
import { filledInput, type OpCase } from '../operations/op-case.js';

const WEIGHTS = 'weights of the sum';

export interface OperationErrors {
  readonly value: number;
  /** By input. */
  readonly gradients: Readonly<Record<string, number>>;
}

const float64 = ({ shape, data }: HostTensor): Float64 => ({ shape, data: Float64Array.from(data) });

/**
 * Runs one operation and the gradient of a weighted sum of its result.
 * @returns relative errors against plain float64 loops: of the value directly, of gradients by central differences.
 */
export async function checkOperation(
  backend: Backend,
  op: OpCase,
  withGradients: boolean,
): Promise<OperationErrors> {
  const inputs = mapTree(op.inputs, (spec, name) => filledInput(spec, `${op.name}/${name}`));
  const exact = mapTree(inputs, float64);
  const expected = op.reference(exact);
  const weights = filledInput({ shape: expected.shape, fill: 'normal' }, `${op.name}/${WEIGHTS}`);
  const trained = withGradients ? Object.keys(op.inputs).filter((name) => !op.inputs[name]!.fixed) : [];
  const all = { ...inputs, [WEIGHTS]: weights };
  const compiled = await backend.compileFunction(
    (tensors) => {
      if (trained.length === 0) return { value: op.run(tensors) };
      const found = valueAndGradients(
        (leaves) => {
          const value = op.run({ ...tensors, ...leaves });
          return { loss: tf.sum<Scalar>(tf.mul(value, tensors[WEIGHTS]!)), aux: { value } };
        },
        Object.fromEntries(trained.map((name) => [name, tensors[name]!])),
      );
      return { value: found.aux.value!, ...prefixTree('gradient', found.grads) };
    },
    { id: `contract: ${op.name}`, inputs: mapTree(all, specOf) },
  );
  const results = await compiled.run(all);
  await compiled.dispose();
  const weightedSum = (arrays: Readonly<Record<string, Float64>>): number => {
    const { data } = op.reference(arrays);
    return data.reduce((sum, value, i) => sum + value * weights.data[i]!, 0);
  };
  return {
    value: shapedError(results.value!, expected),
    gradients: Object.fromEntries(
      trained.map((name) => [
        name,
        shapedError(results[`gradient/${name}`]!, finiteDifferences(weightedSum, exact, name)),
      ]),
    ),
  };
}

/** Infinite for another shape. */
function shapedError(received: HostTensor, expected: Float64): number {
  const same =
    received.shape.join() === expected.shape.join() && received.data.length === sizeOf(expected.shape);
  return same ? relativeError(received, expected) : Infinity;
}
