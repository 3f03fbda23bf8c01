import { isAncError, type Backend, type ModelEnvironment } from '@anc/core';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../text/named.js';
import { candidatesOf } from './candidates.js';
import { chooseWithin, type StudentChoice } from './choose.js';
import { ladderFor, ladderOf } from './ladder.js';
import { latencyOf } from './latency.js';
import type { Limits } from './limits.js';

/** A budget, and what the student is for. */
export interface WithinRequest {
  readonly limits: Limits;
  /** The network whose width is searched; null: any of the ladder. */
  readonly named: Named | null;
  readonly environment: ModelEnvironment;
  readonly composition: Pick<Composition, 'registries'>;
  /** Where time is measured. */
  readonly backend: Backend;
}

/** The network of a budget. Throws `ANC_BUDGET` where none fits, and what making a named one throws. */
export async function studentWithin(request: WithinRequest): Promise<StudentChoice> {
  const { limits, named, environment, composition, backend } = request;
  const { input } = environment;
  if (named !== null) await composition.registries.models.create(named, environment);
  const ladder = named === null ? ladderFor(input) : ladderOf(named, await hasWidth(named, composition));
  return chooseWithin({
    limits,
    preferred: await candidatesOf(ladder.preferred, environment, composition),
    others: await candidatesOf(ladder.others, environment, composition),
    measure: ({ network }) => latencyOf(network, input, backend),
  });
}

/** Whether a model has an option `width`. */
async function hasWidth(
  { name, options }: Named,
  { registries }: WithinRequest['composition'],
): Promise<boolean> {
  try {
    await registries.models.check({ name, options: { ...options, width: 0.5 } });
    return true;
  } catch (error) {
    if (isAncError(error)) return false;
    throw error;
  }
}
