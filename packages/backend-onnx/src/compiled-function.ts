import {
  mapTree,
  type CompiledFunction,
  type FunctionSpec,
  type Host,
  type LeafSpec,
  type TensorFunction,
  type Tree,
} from '@anc/core';
import type { EngineClient } from './engine/client.js';
import { serialize } from './graph/serialize.js';
import { checkedWires } from './host.js';
import { tracedTwice } from './trace/pure.js';
import { traceFunction } from './trace/trace-function.js';

/** Traces, writes and loads a function with its constants inside, where the runtime can prepare them. */
export async function buildFunction(
  engine: EngineClient,
  f: TensorFunction,
  spec: FunctionSpec,
  constants: Tree<Host>,
): Promise<OnnxFunction> {
  const traced = tracedTwice(`the function "${spec.id}"`, () => traceFunction(f, spec, constants));
  const model = serialize(traced.graph, traced.outputs, { allInputs: true });
  const session = engine.handle();
  await engine.createSession(session, model);
  return new OnnxFunction(engine, session, spec.inputs);
}

export class OnnxFunction implements CompiledFunction {
  constructor(
    readonly engine: EngineClient,
    readonly session: number,
    readonly inputs: Tree<LeafSpec>,
  ) {}

  async run(inputs: Tree<Host>): Promise<Tree<Host>> {
    const wires = checkedWires('the input', inputs, this.inputs);
    const results = await this.engine.call('runFunction', this.session, wires);
    // Truth values come as bytes 0 and 1; the host knows numbers.
    return mapTree(results, ({ shape, data, type }) => ({
      shape,
      data: type === 'bool' ? Int32Array.from(data) : data,
    }));
  }

  async dispose(): Promise<void> {
    await this.engine.call('releaseSession', this.session);
  }
}
