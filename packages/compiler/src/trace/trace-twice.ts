import { AncError } from '@anc/core';
import { hintFor, Uses, usesInWords, watchingSources } from '@anc/core/internal';
import { fingerprint } from '../graph/fingerprint.js';
import type { Graph } from '../graph/graph.js';
import type { Target } from '../graph/target.js';
import type { NamedValue } from '../graph/value.js';

/** What a function or a step was traced to, before any pass over the whole graph. */
export interface Traced {
  /** All operations that were traced. */
  readonly graph: Graph;
  /** What it returns. */
  readonly outputs: readonly NamedValue[];
  /** What it was traced for. */
  readonly target: Target;
}

/**
 * Traces twice, at different times, and compares. A random number or the time becomes a constant of a graph, in which two
 * traces then differ.
 *
 * @throws `ANC_COMPILE_IMPURE` with the first difference
 */
export function traceTwice<T extends Traced>(what: string, trace: () => T): T {
  const uses = new Uses();
  const [first, second] = [watchingSources(uses, 0, trace), watchingSources(uses, 1, trace)];
  const [a, b] = [fingerprint(first.graph, first.outputs), fingerprint(second.graph, second.outputs)];
  const at = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).find((i) => a[i] !== b[i]);
  if (at === undefined) return first;
  throw new AncError('ANC_COMPILE_IMPURE', `${uses.part ?? what} gives another graph when traced again.`, {
    expected: `the same operation both times, the first time ${a[at] ?? 'none'}`,
    received: usesInWords(b[at] ?? 'none', uses),
    hint: hintFor(
      uses,
      'a graph may not depend on random numbers or the time: take noise from context.noise and what changes over time ' +
        'from hyper, and do not use tf.dropout, tf.random*, Math.random or Date.',
    ),
  });
}
