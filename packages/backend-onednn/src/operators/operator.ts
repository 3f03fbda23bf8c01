import type { Builder } from '../build/builder.js';
import type { FlatNode } from '../graph/flat-graph.js';

/**
 * Builds a node: sets the tensors of its outputs, and marks it and the nodes that it takes in with it as finished. Returns
 * false, having built nothing, where it cannot compute this case of the operation.
 */
export type Operator = (builder: Builder, node: FlatNode) => boolean;
