import { liveTeacher, NetworkTeacher, type DatasetSplit, type Teacher, type TeacherOutputs } from '@anc/core';
import { TeacherCache, type RunFolder, type TeacherCacheCounts } from '@anc/runtime';
import { teacherLogits } from '../classifier/score.js';
import { formatShare } from '../terminal/table.js';
import { predictionsOf, type EvaluateContext, type Predictions } from './evaluate-player.js';
import type { Planned } from './plan.js';
import { digestOf, readWeights } from './weights.js';

/** What a teacher said, kept for the next run of the same teacher on the same images. */
export interface SharedTeacherOutputs {
  memo?: TeacherCache;
  /** What it says of the images of a split, by what that holds for. */
  predictions?: ReadonlyMap<string, Predictions>;
}

/** The run's teacher, frozen: the one that was given, or the one that was trained, from its folder. */
export async function frozenTeacher(
  { teacher, data, backends }: Planned,
  folder: RunFolder,
): Promise<Teacher> {
  if ('given' in teacher) return teacher.given.teacher;
  const variables = await readWeights(folder, ['teacher'], teacher.network);
  return NetworkTeacher.create({
    backend: backends.teacher,
    network: teacher.network.network,
    variables,
    input: data.dataset.shape,
    digest: digestOf(variables),
  });
}

/** The teacher behind its memo; asked anew every time where images are mixed and none comes twice. */
export function openTeacherCache(
  { data, config }: Planned,
  teacher: Teacher,
  memory: SharedTeacherOutputs,
  notice: (message: string) => void = () => undefined,
): TeacherOutputs {
  if (data.mixup > 0) return liveTeacher(teacher, data.dataset.shape);
  const { batchSize, teacherMemoDir: folder = null, teacherMemoDiskMb: limitMb = null } = config;
  const outputs = new TeacherCache(teacher, data.train.images, data.augmentation, {
    budgetMb: config.teacherMemoMb,
    float16: config.teacherMemoFloat16 === true,
    ...(folder === null ? {} : { disk: { folder, notice, ...(limitMb === null ? {} : { limitMb }) } }),
    ...(memory.memo === undefined ? {} : { from: memory.memo }),
    // Never one: a product of a single row is summed in another order, so its last bits differ.
    batchSizes: [8, 4, 2, 1].map((part) => Math.min(batchSize, Math.max(2, Math.ceil(batchSize / part)))),
  });
  memory.memo = outputs;
  return outputs;
}

/** What a memo did since `before`, in words; null where it was not asked. */
export function teacherCacheReport(
  now: TeacherCacheCounts,
  before: TeacherCacheCounts | null,
): string | null {
  const since = (pick: (counts: TeacherCacheCounts) => number): number =>
    pick(now) - (before === null ? 0 : pick(before));
  const [hits, misses, fromDisk] = [since((c) => c.hits), since((c) => c.misses), since((c) => c.diskHits)];
  if (hits + misses === 0) return null;
  return [
    `teacher memo: ${formatShare(hits / (hits + misses))} hits`,
    ...(fromDisk > 0 ? [`${formatShare(fromDisk / (hits + misses))} from disk`] : []),
    `${(now.bytes / 2 ** 20).toFixed(1)} MB in memory`,
    ...(now.diskBytes > 0 ? [`${(now.diskBytes / 2 ** 20).toFixed(1)} MB on disk`] : []),
    ...(now.halfError > 0
      ? [`half precision changes outputs by at most ${now.halfError.toPrecision(2)}`]
      : []),
  ].join(', ');
}

/** What the teacher says of the images of a split. `what`: the split in words. */
export async function teacherPredictions(
  teacher: Teacher,
  memory: SharedTeacherOutputs,
  split: DatasetSplit,
  what: string,
  { batchSize, reporter, signal }: Omit<EvaluateContext, 'backend'>,
): Promise<Predictions> {
  const key = JSON.stringify([teacher.hash, split.images.fingerprint]);
  const known = memory.predictions?.get(key);
  if (known !== undefined) return known;
  const report = (done: number, count: number): void =>
    reporter.activity(`teacher on the ${what}`, done, count);
  const said = await predictionsOf(await teacherLogits(teacher, split, batchSize, report, signal), split);
  memory.predictions = new Map([...(memory.predictions ?? []), [key, said]]);
  return said;
}
