import type { Composition } from '../composition/compose.js';
import type { PlannedGroup } from './grid.js';

/** Shapes and sizes of the data sets that the tables name: what a grid can say before it has the files. */
const DATA: Readonly<
  Record<
    string,
    { readonly input: readonly [number, number, number]; readonly classes: number; readonly images: number }
  >
> = {
  cifar10: { input: [32, 32, 3], classes: 10, images: 50_000 },
  cifar100: { input: [32, 32, 3], classes: 100, images: 50_000 },
  svhn: { input: [32, 32, 3], classes: 10, images: 73_257 },
  'fashion-mnist': { input: [28, 28, 1], classes: 10, images: 60_000 },
  imagenet: { input: [224, 224, 3], classes: 1000, images: 1_281_167 },
};

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
  const data = DATA[options.data.dataset.name];
  if (data === undefined) return null;
  const images = Math.min(data.images, options.data.limitTrain ?? Infinity);
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
