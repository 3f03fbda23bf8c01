import { AncError } from '../errors/error.js';
import type { NotFinite } from '../step/probing-step.js';
import { firstNotFinite, type HostTensor, type Tree } from '../tree/tree.js';
import type { MetricsReadback } from './stage-runner.js';

/** What was not finite when a step was read back. */
export interface Divergence {
  /** `in step 7`, or the steps between which it happened. */
  readonly where: string;
  /** `loss/data is NaN`. */
  readonly what: string;
  /** Who computes the loss; null where it is not known, or where a number of the state is meant. */
  readonly by: string | null;
}

/**
 * Looks at what was read back after a step: the losses of the steps `from + 1` to `step`, and every number of the state.
 * A gradient that is not finite shows in the state, whatever the loss hides of it.
 *
 * @param sources which component computes a loss, those that others depend on first; see `Step.sources`.
 * @returns null where all of it is finite.
 */
export function divergenceIn(
  { runs, means }: Pick<MetricsReadback, 'runs' | 'means'>,
  state: Tree<HostTensor>,
  from: number,
  step: number,
  sources: Tree<string> = {},
): Divergence | null {
  for (const [i, run] of (runs ?? []).entries()) {
    const loss = badLoss(run, sources);
    if (loss !== null) return { where: `in step ${from + i + 1}`, ...loss };
  }
  const where = step - from === 1 ? `in step ${step}` : `in one of the steps ${from + 1} to ${step}`;
  const loss = badLoss(means, sources);
  if (loss !== null) return { where, ...loss };
  for (const [name, { data }] of Object.entries(state)) {
    const at = firstNotFinite(data);
    if (at !== -1) return { where, what: `a number of "${name}" is ${data[at]}`, by: null };
  }
  return null;
}

function badLoss(metrics: Tree<number>, sources: Tree<string>): Pick<Divergence, 'what' | 'by'> | null {
  const bad = Object.entries(metrics).filter(
    ([name, value]) => name.startsWith('loss/') && !Number.isFinite(value),
  );
  const source = Object.keys(sources).find((name) => bad.some(([other]) => other === name));
  const first = bad.find(([name]) => name === source) ?? bad[0];
  if (first === undefined) return null;
  const by = source === undefined || sources[source] === '' ? null : sources[source]!;
  return { what: `${first[0]} is ${first[1]}`, by };
}

const LOWER = 'lower the learning rate, add warm-up, or lower the adversarial weight';

/**
 * @param first the part of the step that first returned what is not finite; null where it was not found.
 */
export function divergedError({ where, what, by }: Divergence, first: NotFinite | null): AncError {
  if (first === null) {
    return new AncError(
      'ANC_DIVERGED',
      `training diverged ${where}: ${what}${by === null ? '' : `, computed by ${by}`}.`,
      { hint: `${LOWER}; the last checkpoint is intact.` },
    );
  }
  return new AncError('ANC_DIVERGED', `training diverged ${where}: ${what}. First, ${first.sentence}.`, {
    expected: 'finite numbers, as it was given',
    received: first.received,
    hint: `${LOWER}; if that part is yours, look for a logarithm, a root or a division whose argument can become 0. The last checkpoint is intact.`,
  });
}
