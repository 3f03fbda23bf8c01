import {
  type CompiledFunction,
  type FunctionSpec,
  type HostTensor,
  type LeafSpec,
  type TensorFunction,
  type Tree,
} from '@anc/core';
import type { EngineClient } from './engine/client.js';
import { reachable } from './graph/graph.js';
import { serialize } from './graph/serialize.js';
import type { TargetOptions } from './graph/target.js';
import { runPasses } from './passes/run.js';
import { nodesForProcessor } from './providers.js';
import { checkedWires } from './serialized-tensor.js';
import { traceFunction } from './trace/trace-function.js';
import { tracedTwice } from './trace/trace-twice.js';

/** An output may be named as an input is; in a graph it may not. */
const OUTPUT = 'output/';

/** Traces, writes and loads a function with its constants inside, where the runtime can prepare them. */
export async function buildFunction(
  engine: EngineClient,
  f: TensorFunction,
  spec: FunctionSpec,
  constants: Tree<HostTensor>,
  target: TargetOptions,
): Promise<OnnxFunction> {
  const traced = tracedTwice(`the function "${spec.id}"`, () => traceFunction(f, spec, constants, target));
  const outputs = runPasses(traced).outputs.map(({ name, value }) => ({ name: OUTPUT + name, value }));
  const model = serialize(traced.graph, outputs, { allInputs: true });
  const session = engine.handle();
  const values = outputs.map(({ value }) => value);
  await engine.createSession(session, model, nodesForProcessor(reachable(traced.graph, values)));
  return new OnnxFunction(engine, session, spec.inputs);
}

export class OnnxFunction implements CompiledFunction {
  constructor(
    readonly engine: EngineClient,
    readonly session: number,
    readonly inputs: Tree<LeafSpec>,
  ) {}

  async run(inputs: Tree<HostTensor>): Promise<Tree<HostTensor>> {
    const wires = checkedWires('the input', inputs, this.inputs);
    const results = await this.engine.call('runFunction', this.session, wires);
    // Truth values come as bytes 0 and 1; the host knows numbers.
    const pairs = Object.entries(results).map(([name, { shape, data, type }]) => [
      name.slice(OUTPUT.length),
      { shape, data: type === 'bool' ? Int32Array.from(data) : data },
    ]);
    return Object.fromEntries(pairs) as Tree<HostTensor>;
  }

  async dispose(): Promise<void> {
    await this.engine.call('releaseSession', this.session);
  }
}
