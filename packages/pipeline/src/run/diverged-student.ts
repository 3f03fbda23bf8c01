import { join } from 'node:path';
import { AncError, type HostTensor, type Variables } from '@anc/core';
import { firstNotFinite, shellQuoted } from '@anc/core/internal';
import type { RunFolder } from '@anc/runtime';
import type { DivergedStudent } from '../events/documents.js';
import { asTensors } from '../files/weights.js';
import type { PlannedModel } from '../planning/plan.js';
import { divergenceIn } from '../training/divergence.js';

/** What a result says of a student that diverged. */
export async function divergedStudent(
  folder: RunFolder,
  { name, method, network }: PlannedModel,
  message: string,
): Promise<DivergedStudent> {
  const records = await folder.metrics.read();
  const found = divergenceIn(records, name) ?? records.findLast(({ model }) => model === name);
  const { stage, epoch, step } = found ?? { stage: '', epoch: 0, step: 0 };
  return { name, method: method.name, model: network.model.name, stage, epoch: epoch + 1, step, message };
}

/** The same as a sentence. */
export const divergenceInWords = ({ name, epoch, message }: DivergedStudent): string =>
  `${name}: diverged in epoch ${epoch} and has no result (${message.replace(/\.$/, '')}).`;

/** Earlier versions kept weights of trainings that diverged, with a result. Throws `ANC_DIVERGED`. */
export function assertFiniteWeights(
  folder: RunFolder,
  place: readonly string[],
  variables: Variables<HostTensor>,
): void {
  for (const [name, { data }] of Object.entries(asTensors(variables))) {
    const at = firstNotFinite(data);
    if (at === -1) continue;
    throw new AncError('ANC_DIVERGED', `training diverged: a number of "${name}" is ${data[at]}.`, {
      hint: `its result of an earlier version means nothing: remove ${shellQuoted(join(folder.path, ...place))}, and resume the run with a lower rate and --change-options.`,
    });
  }
}
