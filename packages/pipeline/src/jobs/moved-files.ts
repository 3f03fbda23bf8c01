import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '@anc/core/internal';
import { CheckpointStore, onDisk, type RunFolder } from '@anc/runtime';

/** Lets a job continue where one process alone had come with a model. */
export async function inheritModel(from: RunFolder, to: RunFolder, model: string): Promise<void> {
  if ((await readdir(to.checkpointsOf(model)).catch(() => [])).length > 0) return;
  await copyRecords(from, to, model);
  await copyCheckpoints(from, to, model);
}

/** The lines of a model in metrics.jsonl, in place of those that are there. */
export async function copyRecords(from: RunFolder, to: RunFolder, model: string): Promise<void> {
  await to.assertHeld();
  await to.metrics.take(from.metrics, model);
}

/** The checkpoints of a model, in place of those that are there. */
export async function copyCheckpoints(from: RunFolder, to: RunFolder, model: string): Promise<void> {
  const [source, target] = [from.checkpointsOf(model), to.checkpointsOf(model)];
  const names = await readdir(source).catch(() => []);
  if (names.length === 0) return;
  await to.assertHeld();
  await new CheckpointStore(target).clear();
  await onDisk(target, null, () => makeFolder(target));
  // The manifests last: a checkpoint counts when both of its files are there.
  const sorted = [...names].sort((a, b) => Number(a.endsWith('.json')) - Number(b.endsWith('.json')));
  for (const name of sorted)
    await onDisk(target, null, () => copyFile(join(source, name), join(target, name)));
}

/** TensorBoard's files of a job, under names of their own. */
export async function copyEvents(from: RunFolder, to: RunFolder, job: string): Promise<void> {
  for (const name of await readdir(from.path)) {
    const [, start] = /^(events\.out\.tfevents\.\d+)\./.exec(name) ?? [];
    if (start === undefined) continue;
    const target = join(to.path, `${start}.${job}.anc`);
    await onDisk(target, null, () => copyFile(join(from.path, name), target));
  }
}
