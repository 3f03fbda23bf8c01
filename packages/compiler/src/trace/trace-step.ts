import {
  AncError,
  differentiableRankMean,
  mapTree,
  namesOf,
  noiseName,
  phasesOf,
  playPhases,
  type Context,
  type NoiseSpec,
  type Step,
  type StepSpec,
} from '@anc/core';
import { noiseSpec, shapeError } from '@anc/core/internal';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { rankMean } from '../graph/cut.js';
import { sameShape, Graph } from '../graph/graph.js';
import { METRICS_OUTPUT } from '../graph/metrics-output.js';
import { concat, reshape } from '../graph/shape-ops.js';
import { targetOf, type TargetOptions } from '../graph/target.js';
import type { NamedValue } from '../graph/value.js';
import { Tracer } from '../lower/tracer.js';
import { peepholesFor } from '../passes/run.js';
import { withTraceBackend, type TraceBackend } from './backend.js';
import { inputTensor, toTensor, toTraced } from './inputs.js';
import { stateLayout } from './state-layout.js';
import { registerKernels } from './register.js';
import type { Traced } from './trace-twice.js';

/** A step as one graph: the gradients and updates of all phases. */
export interface TracedStep extends Traced {
  /** State entries that the step replaces. */
  readonly changed: readonly string[];
  /** Names of the metrics, in the order of their output. */
  readonly metrics: readonly string[];
  /** The noise that the host has to draw. */
  readonly noise: readonly NoiseSpec[];
}

/** Noise becomes inputs, filled on the host. Repetitions of a phase get inputs of their own. */
function tracedContext(
  backend: TraceBackend,
  tracer: Tracer,
  noise: Map<string, NoiseSpec>,
  repeat: number,
  ranks: number | undefined,
): Context {
  return {
    ...(ranks !== undefined && { ranks: { count: ranks, mean: tracedMean(backend, tracer) } }),
    training: true,
    noise(name, shape, distribution, rows) {
      const spec = noiseSpec(noiseName(name, repeat), shape, distribution, rows);
      noise.set(spec.name, spec);
      return toTensor(backend, inputTensor(tracer, `noise/${spec.name}`, { shape, dtype: 'float32' }));
    },
    activation: (_name, x) => x,
  };
}

/** The mean over ranks as a node, at which the graph is cut afterwards. */
const tracedMean = (backend: TraceBackend, tracer: Tracer): ((x: Tensor) => Tensor) =>
  differentiableRankMean((x) => {
    const value = rankMean(tracer.graph, tracer.logical(toTraced(backend, x)));
    return toTensor(backend, tracer.tensor(value, x.shape, 'float32'));
  });

/** The same outside of what is differentiated, for values in whatever order they lie in memory: it is that of all ranks. */
const tracedAverage =
  (backend: TraceBackend, tracer: Tracer): ((x: Tensor) => Tensor) =>
  (x) => {
    const { value, layout } = toTraced(backend, x);
    return toTensor(backend, tracer.tensor(rankMean(tracer.graph, value), x.shape, 'float32', layout));
  };

/** Traces a step by running its phases once on traced tensors. */
export function traceStep(step: Step, spec: StepSpec, options: TargetOptions = {}): TracedStep {
  registerKernels();
  const target = targetOf('step', options);
  const graph = new Graph(peepholesFor(target));
  const tracer = new Tracer(graph, target);
  return withTraceBackend(tracer, (backend) => {
    const state = mapTree(spec.state, (leaf, name) =>
      toTensor(backend, inputTensor(tracer, `state/${name}`, leaf, stateLayout(leaf.shape))),
    );
    const batch = mapTree(spec.batch, (leaf, name) =>
      toTensor(backend, inputTensor(tracer, `batch/${name}`, leaf)),
    );
    const scalar = { shape: [], dtype: 'float32' } as const;
    const hyper = Object.fromEntries(
      spec.hyper.map((name) => [
        name,
        toTensor(backend, inputTensor(tracer, `hyper/${name}`, scalar)) as Scalar,
      ]),
    );
    const noise = new Map<string, NoiseSpec>();
    const played = playPhases(
      phasesOf(step, spec.phases),
      state,
      batch,
      hyper,
      (repeat) => tracedContext(backend, tracer, noise, repeat, spec.ranks),
      spec.exchanges === true ? tracedAverage(backend, tracer) : undefined,
    );
    const { metrics } = played;
    const changed = changedEntries(backend, tracer, spec, { ...state, ...played.changed });
    const metricNames = namesOf(metrics);
    const values = metricNames.map((name) => metricValue(backend, tracer, name, metrics[name]!));
    const outputs =
      values.length === 0 ? changed : [...changed, { name: METRICS_OUTPUT, value: concat(graph, values, 0) }];
    return {
      graph,
      outputs,
      target,
      changed: changed.map(({ name }) => name.slice('next/'.length)),
      metrics: metricNames,
      noise: [...noise.values()],
    };
  });
}

function metricValue(
  backend: TraceBackend,
  tracer: Tracer,
  name: string,
  tensor: Tensor,
): ReturnType<typeof reshape> {
  if (tensor.size !== 1) throw shapeError(`metric ${name}`, [], tensor.shape, 'a metric is a scalar.');
  return reshape(tracer.graph, tracer.logical(tracer.cast(toTraced(backend, tensor), 'float32')), [1]);
}

/** The entries of the state whose value is no longer their input. */
function changedEntries(
  backend: TraceBackend,
  tracer: Tracer,
  spec: StepSpec,
  state: Readonly<Record<string, Tensor>>,
): NamedValue[] {
  const changed: NamedValue[] = [];
  for (const name of namesOf(state)) {
    const leaf = spec.state[name];
    const tensor = state[name]!;
    if (leaf === undefined) {
      throw new AncError('ANC_TREE', `a step returned "${name}", which is not an entry of its state.`, {
        hint: "return changed entries only, under the state's own names.",
      });
    }
    if (!sameShape(leaf.shape, tensor.shape))
      throw shapeError(`state entry ${name}`, leaf.shape, tensor.shape);
    const traced = tracer.cast(toTraced(backend, tensor), leaf.dtype === 'int32' ? 'int32' : 'float32');
    const value = tracer.full(traced, stateLayout(leaf.shape));
    if (value === tracer.graph.inputs.get(`state/${name}`)) continue;
    changed.push({ name: `next/${name}`, value });
  }
  return changed;
}
