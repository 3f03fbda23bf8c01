import { type Pass, reachable, runPasses, type TargetOptions, traceChecked } from '@anc/compiler';
import type { CompiledFunction, FunctionSpec, HostTensor, LeafSpec, TensorFunction, Tree } from '@anc/core';
import type { EngineClient } from './engine/client.js';
import { serialize } from './serialize/serialize.js';
import { nodesForProcessor } from './providers.js';
import { serializeTree } from './serialized-tensor.js';

/** Prefix of outputs: in a function, but not in a graph, an output may have the name of an input. */
const OUTPUT = 'output/';

/** What a function is compiled for. */
export interface FunctionOptions {
  readonly target: TargetOptions;
  /** Passes over its graph. */
  readonly passes: readonly Pass[];
  /** See `CompileOptions`. */
  readonly repeats: boolean | undefined;
}

/** Traces, serializes and loads a function. Constants become part of its graph, so that the runtime can fold them. */
export async function buildFunction(
  engine: EngineClient,
  f: TensorFunction,
  spec: FunctionSpec,
  constants: Tree<HostTensor>,
  { target, passes, repeats }: FunctionOptions,
): Promise<OnnxFunction> {
  const traced = traceChecked(f, spec, constants, target, { repeats });
  const outputs = runPasses(traced, passes).outputs.map(({ name, value }) => ({
    name: OUTPUT + name,
    value,
  }));
  const model = serialize(traced.graph, outputs, { allInputs: true });
  const session = engine.handle();
  const values = outputs.map(({ value }) => value);
  await engine.createSession(session, model, {
    forProcessor: nodesForProcessor(reachable(traced.graph, values)),
  });
  return new OnnxFunction(engine, session, spec.inputs);
}

export class OnnxFunction implements CompiledFunction {
  constructor(
    readonly engine: EngineClient,
    readonly session: number,
    readonly inputs: Tree<LeafSpec>,
  ) {}

  async run(inputs: Tree<HostTensor>): Promise<Tree<HostTensor>> {
    const feeds = serializeTree('the input', inputs, this.inputs);
    const results = await this.engine.call('runFunction', this.session, feeds);
    // Booleans come as bytes 0 and 1; a host tensor holds them as int32.
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
