import {
  mapTree,
  namesOf,
  type CompileOptions,
  type FunctionSpec,
  type HostTensor,
  type TensorFunction,
  type Tree,
} from '@anc/core';
import { inference } from '@anc/core/internal';
import type { Tensor } from '@tensorflow/tfjs-core';
import { Graph } from '../graph/graph.js';
import { targetOf, type TargetOptions } from '../graph/target.js';
import { Tracer } from '../lower/tracer.js';
import { peepholesFor } from '../passes/run.js';
import { constantOf, withTraceBackend } from './backend.js';
import { inputTensor, toTensor, toTraced } from './inputs.js';
import { registerKernels } from './register.js';
import { traceTwice, type Traced } from './trace-twice.js';

/** What a function is called in messages. */
export const titleOf = ({ id, title }: FunctionSpec): string => title ?? `the function "${id}"`;

/** `traceFunction`, twice unless `repeats` is false: throws `ANC_COMPILE_IMPURE` where the graphs differ. */
export function traceChecked(
  f: TensorFunction,
  spec: FunctionSpec,
  constants: Tree<HostTensor>,
  options: TargetOptions,
  { repeats = true }: Pick<CompileOptions, 'repeats'>,
): Traced {
  const trace = (): Traced => traceFunction(f, spec, constants, options);
  return repeats ? traceTwice(titleOf(spec), trace) : trace();
}

/** Shapes of a function's outputs by name, from a trace like `traceChecked`'s. */
export const shapesOf = (...traced: Parameters<typeof traceChecked>): Tree<readonly number[]> =>
  Object.fromEntries(traceChecked(...traced).outputs.map(({ name, value }) => [name, value.shape]));

/** Traces a pure function to one graph. `constants` become part of it; inputs and outputs keep their names. */
export function traceFunction(
  f: TensorFunction,
  spec: FunctionSpec,
  constants: Tree<HostTensor> = {},
  options: TargetOptions = {},
): Traced {
  registerKernels();
  const target = targetOf('function', options);
  const graph = new Graph(peepholesFor(target));
  const tracer = new Tracer(graph, target);
  return withTraceBackend(tracer, (backend) => {
    const frozen: Record<string, Tensor> = mapTree(constants, ({ shape, data }) =>
      toTensor(backend, constantOf(tracer, data, shape, data instanceof Int32Array ? 'int32' : 'float32')),
    );
    const inputs = mapTree(spec.inputs, (leaf, name) => toTensor(backend, inputTensor(tracer, name, leaf)));
    const results = f({ ...frozen, ...inputs }, inference);
    const outputs = namesOf(results).map((name) => ({ name, traced: toTraced(backend, results[name]!) }));
    return {
      graph,
      target,
      outputs: outputs.map(({ name, traced }) => ({ name, value: tracer.logical(traced) })),
    };
  });
}
