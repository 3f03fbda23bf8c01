/** Graphs as a backend's thread sees them. Loads nothing else, as `@anc/core/worker`. */
export { reachable } from './graph/graph.js';
export { METRICS_OUTPUT } from './graph/metrics-output.js';
export { POSITIVE_MASK } from './graph/positive-mask.js';
export { onnxTypeOf, type ElementType } from './graph/value.js';
export { viewOf, type GraphView } from './graph/rewrite.js';
