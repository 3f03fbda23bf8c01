import { AVERAGE_SLOTS } from '../optimizers/optimizer.js';
import { subtree, type HostTensor, type Tree } from '../tree/tree.js';
import type { Variables } from '../contracts/network.js';
import { modelNames, modelStateOf } from './model-state.js';

/**
 * The student with the moving average of its parameters, where its optimizer keeps one, else null. The statistics of batch norm
 * are those of the last step, as `torch.optim.swa_utils.AveragedModel` has them.
 *
 * @param student its variables as the stage returns them.
 */
export function averagedStudent(
  student: Variables<HostTensor>,
  state: Tree<HostTensor>,
): Variables<HostTensor> | null {
  const average = subtree(modelStateOf(state, modelNames.student).slots, AVERAGE_SLOTS);
  if (Object.keys(average).length === 0) return null;
  return { params: { ...student.params, ...average }, stats: student.stats };
}
