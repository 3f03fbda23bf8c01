import { AncError } from '../errors/error.js';
import { firstNotFinite, type HostTensor, type Tree } from '../tree/tree.js';
import type { MetricsReadback } from './stage-runner.js';

/**
 * Checks what was read back after a step: the losses of the steps `from + 1` to `step`, and every number of the state.
 * A gradient that is not finite shows in the state, whatever the loss hides of it.
 *
 * @param sources which component computes a loss, those that others depend on first; see `Step.sources`.
 * @throws `ANC_DIVERGED` with the step, where it is known, or the steps between which it happened.
 */
export function assertConverging(
  { runs, means }: Pick<MetricsReadback, 'runs' | 'means'>,
  state: Tree<HostTensor>,
  from: number,
  step: number,
  sources: Tree<string> = {},
): void {
  for (const [i, run] of (runs ?? []).entries()) {
    const loss = badLoss(run, sources);
    if (loss !== null) throw diverged(`in step ${from + i + 1}`, loss);
  }
  const where = step - from === 1 ? `in step ${step}` : `in one of the steps ${from + 1} to ${step}`;
  const loss = badLoss(means, sources);
  if (loss !== null) throw diverged(where, loss);
  for (const [name, { data }] of Object.entries(state)) {
    const at = firstNotFinite(data);
    if (at !== -1) throw diverged(where, `a number of "${name}" is ${data[at]}`);
  }
}

function badLoss(metrics: Tree<number>, sources: Tree<string>): string | null {
  const bad = Object.entries(metrics).filter(
    ([name, value]) => name.startsWith('loss/') && !Number.isFinite(value),
  );
  const source = Object.keys(sources).find((name) => bad.some(([other]) => other === name));
  const first = bad.find(([name]) => name === source) ?? bad[0];
  if (first === undefined) return null;
  const by = source === undefined || sources[source] === '' ? '' : `, computed by ${sources[source]}`;
  return `${first[0]} is ${first[1]}${by}`;
}

const diverged = (where: string, what: string): AncError =>
  new AncError('ANC_DIVERGED', `training diverged ${where}: ${what}.`, {
    hint: 'lower the learning rate, add warm-up, or lower the adversarial weight; the last checkpoint is intact.',
  });
