import type { TrainingPlan } from '../planning/plan.js';

const FLOAT = 4;
/** Parameters and two moments of Adam; the states of discriminators are small beside the checkpoints counted too much. */
const PER_PARAMETER = 3;
/** Two are kept, and a third is being written. */
const CHECKPOINTS = 3;
/** Of a report, logs and documents; and of each epoch in the logs. */
const DOCUMENTS = 2e6;
const EPOCH = 4e3;

/**
 * Bytes of disk that a run needs at most, roughly: the weights of all models, and the checkpoints of the largest. Models that
 * are trained one after the other never have checkpoints at the same time.
 */
export function spaceFor({
  data,
  teacher,
  students,
}: Pick<TrainingPlan, 'data' | 'teacher' | 'students'>): number {
  const trained = 'given' in teacher ? students : [teacher, ...students];
  const sizes = trained.map(({ network }) => network.parameters * FLOAT);
  const files = data.held === null ? 1 : 2; // the last and the best weights
  const weights = sizes.reduce((sum, size) => sum + files * size, 0);
  const checkpoints = CHECKPOINTS * PER_PARAMETER * Math.max(0, ...sizes);
  const epochs = trained.reduce((sum, model) => sum + model.epochs, 0);
  return weights + checkpoints + DOCUMENTS + EPOCH * epochs;
}
