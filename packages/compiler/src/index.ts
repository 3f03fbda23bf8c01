export { EngineState } from './engine/engine-state.js';
export { isWhole, keptSteps, type KeptSteps } from './engine/kept-steps.js';
export { metricsOfRows } from './engine/metric-rows.js';
export { StepPrograms, type CodeOfStep, type LentProgram, type StepBuilder } from './engine/step-programs.js';
export { StepStore, type StoredStep } from './engine/step-store.js';
export { cutAtRankMeans, type Section } from './graph/cut.js';
export { Graph, reachable, sameShape, type Operation, type Peephole } from './graph/graph.js';
export { METRICS_OUTPUT } from './graph/metrics-output.js';
export { NCHWC_DOMAIN, toNchwc } from './graph/nchwc.js';
export { POSITIVE_MASK } from './graph/positive-mask.js';
export { rewriteNodes } from './graph/rewrite.js';
export { targetOf, type Target, type TargetOptions } from './graph/target.js';
export {
  bytesOf,
  integersOf,
  onnxTypeOf,
  scalarOf,
  type Attribute,
  type Attributes,
  type ElementArray,
  type ElementType,
  type NamedValue,
  type Node,
  type Source,
  type Value,
} from './graph/value.js';
export {
  fastestForm,
  filterGradientForms,
  forcedForm,
  suits,
  type FilterGradientForm,
} from './lower/filter-gradient.js';
export type { Kernel } from './lower/kernel.js';
export { kernels } from './lower/kernels.js';
export { physicalShape } from './lower/traced-tensor.js';
export type { GraphPass, Pass } from './passes/pass.js';
export { poolChannelsLast } from './passes/pool-channels-last.js';
export { poolConvInPhases } from './passes/pool-conv-in-phases.js';
export { propagateNchwc } from './passes/propagate-nchwc.js';
export { passes } from './passes/index.js';
export { runPasses, type Optimized, type PassReport } from './passes/run.js';
export { fromStateLayout, toStateLayout } from './trace/state-layout.js';
export { shapesOf, titleOf, traceChecked, traceFunction } from './trace/trace-function.js';
export { traceStep, type TracedStep } from './trace/trace-step.js';
export { traceTwice, type Traced } from './trace/trace-twice.js';
