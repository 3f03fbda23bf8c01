import type { Graph, Peephole } from '../graph/graph.js';
import type { Target } from '../graph/target.js';
import type { NamedValue } from '../graph/value.js';

/** Replaces single operations as they are added, so that all that follows is built on the replacement. */
export interface PeepholePass extends Peephole {
  readonly stage: 'operation';
  readonly when: (target: Target) => boolean;
}

export interface PassContext {
  readonly outputs: readonly NamedValue[];
  readonly target: Target;
}

/** Rewrites a whole graph once it is traced. */
export interface GraphPass {
  /** After tracing, on the whole graph. */
  readonly stage: 'graph';
  /** Name for reports. */
  readonly name: string;
  /** Whether it suits a target. */
  readonly when: (target: Target) => boolean;
  /**
   * The same outputs by other nodes, or the same list where nothing matches. Nodes are only ever added: what no output
   * needs any more is no part of the graph.
   */
  readonly rewrite: (graph: Graph, context: PassContext) => readonly NamedValue[];
}

/** One rewriting of graphs, and for which targets it pays. */
export type Pass = PeepholePass | GraphPass;
