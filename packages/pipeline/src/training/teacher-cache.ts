import type { DatasetSplit, Teacher } from '@anc/core';
import { NetworkTeacher, type SplitPredictions } from '@anc/core/internal';
import { TeacherCache, type Latency, type RunFolder, type TeacherCacheCounts } from '@anc/runtime';
import { predictFrozen } from '../classifier/score.js';
import { digestOf, readWeights } from '../files/weights.js';
import { microBatchOf } from '../options/micro-batch.js';
import type { CacheOptions } from '../options/run-options.js';
import type { TrainingPlan } from '../planning/plan.js';
import { formatShare } from '../text/format.js';
import { calibrateTeacher } from '../classifier/calibrate-teacher.js';
import type { EvaluateContext } from './evaluate-model.js';

/** Outputs of a teacher that several runs of the same teacher on the same images share. */
export interface SharedTeacherOutputs {
  cache?: TeacherCache;
  /** The teacher's predictions for whole splits, by teacher and images. */
  predictions?: ReadonlyMap<string, SplitPredictions>;
  /** How long the teacher takes for one image. */
  latency?: Latency;
}

/** The run's teacher, frozen: the given one, or the one that was trained, from its folder. */
export async function frozenTeacher(
  { teacher, data, backends }: TrainingPlan,
  folder: RunFolder,
): Promise<Teacher> {
  if ('given' in teacher) return teacher.given.teacher;
  const variables = await readWeights(folder, ['teacher'], teacher.network.initial);
  const frozen = await NetworkTeacher.create({
    backend: backends.teacher,
    network: teacher.network.network,
    repeats: teacher.network.repeats,
    variables,
    input: data.dataset.shape,
    digest: digestOf(variables),
  });
  await calibrateTeacher(frozen, backends.teacher, data.train.images);
  return frozen;
}

/** The teacher behind its cache. */
export function openTeacherCache(
  { data, options }: Pick<TrainingPlan, 'data' | 'options'>,
  teacher: Teacher,
  shared: SharedTeacherOutputs,
  notice: (message: string) => void = () => undefined,
  ranks = 1,
): TeacherCache {
  const batchSize = Math.ceil(microBatchOf(options.training) / ranks);
  const cache: CacheOptions = options.cache;
  const { directory: folder = null, diskMb: limitMb = null } = cache;
  const outputs = new TeacherCache(teacher, data.train.images, data.augmentation, {
    budgetMb: cache.memoryMb,
    float16: cache.float16 === true,
    ...(folder === null ? {} : { disk: { folder, notice, ...(limitMb === null ? {} : { limitMb }) } }),
    ...(shared.cache === undefined ? {} : { from: shared.cache }),
    // Never one: a product of a single row is summed in another order, so its last bits differ.
    batchSizes: [8, 4, 2, 1].map((part) => Math.min(batchSize, Math.max(2, Math.ceil(batchSize / part)))),
  });
  shared.cache = outputs;
  return outputs;
}

/** Hits of a cache since `before` as one line; null where it was not used. */
export function teacherCacheReport(
  now: TeacherCacheCounts,
  before: TeacherCacheCounts | null,
): string | null {
  const since = (pick: (counts: TeacherCacheCounts) => number): number =>
    pick(now) - (before === null ? 0 : pick(before));
  const [hits, misses, fromDisk] = [since((c) => c.hits), since((c) => c.misses), since((c) => c.diskHits)];
  if (hits + misses === 0) return null;
  return [
    `teacher cache: ${formatShare(hits / (hits + misses))} hits`,
    ...(fromDisk > 0 ? [`${formatShare(fromDisk / (hits + misses))} from disk`] : []),
    `${(now.bytes / 2 ** 20).toFixed(1)} MB in memory`,
    ...(now.diskBytes > 0 ? [`${(now.diskBytes / 2 ** 20).toFixed(1)} MB on disk`] : []),
    ...(now.halfError > 0
      ? [`half precision changes outputs by at most ${now.halfError.toPrecision(2)}`]
      : []),
  ].join(', ');
}

/** The teacher's predictions for a split, computed once. `what`: the split in words, for progress. */
export async function teacherPredictions(
  teacher: Teacher,
  shared: SharedTeacherOutputs,
  split: DatasetSplit,
  what: string,
  { emit, ...options }: Omit<EvaluateContext, 'backend'>,
): Promise<SplitPredictions> {
  const key = JSON.stringify([options.task.name, teacher.hash, split.images.fingerprint]);
  const known = shared.predictions?.get(key);
  if (known !== undefined) return known;
  const onBatch = (done: number, count: number): void =>
    emit({ type: 'activity', what: `teacher on the ${what}`, done, count });
  const predictions = await predictFrozen(teacher, split, { ...options, onBatch });
  shared.predictions = new Map([...(shared.predictions ?? []), [key, predictions]]);
  return predictions;
}
