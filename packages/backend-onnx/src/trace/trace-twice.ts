import { AncError } from '@anc/core';
import { fingerprint } from '../graph/fingerprint.js';
import type { Graph } from '../graph/graph.js';
import type { Target } from '../graph/target.js';
import type { NamedValue } from '../graph/value.js';

/** What a function or a step was traced to, before any pass over the whole graph. */
export interface Traced {
  readonly graph: Graph;
  readonly outputs: readonly NamedValue[];
  readonly target: Target;
}

/**
 * Traces twice and compares. A number drawn by chance or read from the clock is baked into a graph as a
 * constant: two traces then differ. Throws `ANC_COMPILE_IMPURE` with the first difference.
 */
export function tracedTwice<T extends Traced>(what: string, trace: () => T): T {
  const [first, second] = [trace(), trace()];
  const [a, b] = [fingerprint(first.graph, first.outputs), fingerprint(second.graph, second.outputs)];
  const at = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).find((i) => a[i] !== b[i]);
  if (at === undefined) return first;
  throw new AncError('ANC_COMPILE_IMPURE', `${what} does not give the same graph twice.`, {
    expected: `the same operation both times, the first time ${a[at] ?? 'none'}`,
    received: b[at] ?? 'none',
    hint:
      'chance and time may not be baked in: take noise from context.noise, what changes over time from hyper, ' +
      'and use no tf.dropout, tf.random* or Math.random.',
  });
}
