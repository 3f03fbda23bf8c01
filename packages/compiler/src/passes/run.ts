import type { Graph, Peephole } from '../graph/graph.js';
import { viewOf } from '../graph/rewrite.js';
import type { Target } from '../graph/target.js';
import type { NamedValue, Node } from '../graph/value.js';
import { passes } from './index.js';
import type { Pass } from './pass.js';

/** What one pass did to one graph. */
export interface PassReport {
  /** Name of the pass. */
  readonly pass: string;
  /** When it ran: on single operations, or on the whole graph. */
  readonly stage: Pass['stage'];
  /** Operations that it replaced; for passes on the whole graph, nodes that disappeared, counted by operator. */
  readonly replaced: number;
  /** Nodes of the whole graph after it; after tracing for passes on single operations. */
  readonly nodes: number;
}

/** A graph after the passes. */
export interface Optimized {
  /** The outputs, by other nodes where passes matched. */
  readonly outputs: readonly NamedValue[];
  /** What each pass did, in order. */
  readonly report: readonly PassReport[];
}

/** The passes on single operations that suit a target, in order; a graph is traced with them. */
export const peepholesFor = (target: Target, list: readonly Pass[] = passes): readonly Peephole[] =>
  list.flatMap((pass) => (pass.stage === 'operation' && pass.when(target) ? [pass] : []));

/** How many nodes disappeared, counted by operator, so that nodes rebuilt on replaced inputs do not count. */
function countRemoved(before: readonly Node[], after: readonly Node[]): number {
  const counts = new Map<string, number>();
  const add = (nodes: readonly Node[], sign: number): void => {
    for (const { domain, op } of nodes) {
      const key = domain === '' ? op : `${domain}.${op}`;
      counts.set(key, (counts.get(key) ?? 0) + sign);
    }
  };
  add(before, 1);
  add(after, -1);
  return [...counts.values()].reduce((sum, count) => sum + Math.max(0, count), 0);
}

/** Rewrites a traced graph by the passes on whole graphs that suit its target, in order. */
export function runPasses(
  { graph, outputs, target }: { readonly graph: Graph; readonly target: Target } & Pick<Optimized, 'outputs'>,
  list: readonly Pass[] = passes,
): Optimized {
  let current = outputs;
  let nodes = viewOf(graph, outputs).nodes;
  const report = list
    .filter(({ when }) => when(target))
    .map((pass): PassReport => {
      const { name, stage } = pass;
      if (stage === 'operation') {
        return { pass: name, stage, replaced: graph.replaced.get(name) ?? 0, nodes: nodes.length };
      }
      const before = nodes;
      const rewritten = pass.rewrite(graph, { outputs: current, target });
      if (rewritten !== current) nodes = viewOf(graph, rewritten).nodes;
      current = rewritten;
      return { pass: name, stage, replaced: countRemoved(before, nodes), nodes: nodes.length };
    });
  return { outputs: current, report };
}
