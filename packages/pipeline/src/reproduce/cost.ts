import { factsOf } from '@anc/datasets/facts';
import type { Composition } from '../composition/compose.js';
import type { PlannedGroup } from './grid.js';

export interface Cost {
  readonly images: number;
  /** Forward and backward of teacher and students, and the teacher's answers; all epochs and seeds. */
  readonly flops: number;
}

/** What a group costs, or null where its data set's size is not known here. A backward pass counts twice a forward one. */
export async function costOf(
  { options }: PlannedGroup,
  seeds: number,
  { registries }: Composition,
): Promise<Cost | null> {
  const facts = factsOf(options.data.dataset.name);
  if (facts === null) return null;
  const data = { input: facts.shape, classes: facts.classes };
  const images = Math.min(facts.trainingImages, options.data.limitTrain ?? Infinity);
  const flopsOf = async (key: 'teacher' | 'student'): Promise<number> => {
    const model = await registries.models.create(options[key].model, data);
    return model.summary(data.input).reduce((sum, layer) => sum + layer.flops, 0);
  };
  const [teacher, student] = [await flopsOf('teacher'), await flopsOf('student')];
  const perStudent = images * options.training.epochs * (3 * student + teacher);
  return {
    images,
    flops:
      images * (options.teacher.epochs ?? options.training.epochs) * 3 * teacher +
      seeds * options.methods.length * perStudent,
  };
}
