import {
  train,
  type Backend,
  type Diagnostics,
  type HostTensor,
  type Position,
  type Progress,
  type TeacherOutputs,
  type TrainingEvent,
  type Tree,
  type Variables,
} from '@anc/core';
import { allocateEpochs, encodeNumbers, withDeprecatedDiagnostics } from '@anc/core/internal';
import {
  assertSameSpecs,
  CheckpointStore,
  specsOf,
  TeacherCache,
  type Checkpoint,
  type MetricsRecord,
  type RunFolder,
  type ScalarLog,
} from '@anc/runtime';
import { imageBatches, labeledBatches, type TrainingData } from '../data/training-data.js';
import type { Emit } from '../events/events.js';
import type { PlannedModel } from '../planning/plan.js';
import { readMemory, type TrainingMemory } from './training-memory.js';
import { isDivergence, recordDivergence } from './divergence.js';
import { asMetrics, better, type BestEpoch, type HeldOut, type Validation } from './validation.js';

/** Everything besides the model that its training needs. */
export interface TrainContext {
  readonly folder: RunFolder;
  readonly scalars: ScalarLog;
  readonly data: TrainingData;
  readonly backend: Backend;
  readonly batchSize: number;
  /** Micro-batches of a batch; default: 1. */
  readonly accumulate?: number;
  readonly seed: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Runs after every epoch of the last stage; null without held-out images. */
  readonly validation: Validation | null;
  /** Keeps the weights of the best epoch so far. */
  readonly keepBest: (variables: Variables<HostTensor>) => Promise<void>;
  /** Minutes between checkpoints inside an epoch; default: 5. */
  readonly checkpointMinutes?: number;
}

/** Default of `checkpointMinutes`. */
export const CHECKPOINT_MINUTES = 5;

export interface TrainedModel {
  readonly variables: Variables<HostTensor>;
  /** Of the last epoch of the last stage. */
  readonly diagnostics: Diagnostics | null;
  /** After the last epoch; null without held-out images. */
  readonly held: HeldOut | null;
  /** The best epoch on the held-out images; `keepBest` received its weights. */
  readonly best: BestEpoch | null;
  /** Duration of training, over all processes that took part. */
  readonly seconds: number;
}

/**
 * Trains a model through its stages, from its newest checkpoint where it has one, and leaves a checkpoint after every
 * epoch and every few minutes inside one. Returns null where the signal was aborted: the folder then continues from this
 * very step. Throws `ANC_DIVERGED`, with a line in the log; all checkpoints are finite.
 */
export async function trainModel(
  model: PlannedModel,
  teacher: TeacherOutputs | null,
  context: TrainContext,
): Promise<TrainedModel | null> {
  const { folder, emit } = context;
  const { name } = model;
  const store = new CheckpointStore(folder.checkpointsOf(name), {
    notice: (message) => emit({ type: 'notice', message }),
  });
  const found = await store.latest();
  await folder.assertHeld();
  await folder.metrics.rewind((record) => record.model !== name || isBefore(record, found, model));
  const memory = found === null ? null : readMemory(found.memory);
  let state: Tree<HostTensor> = found?.state ?? {};
  let seconds = memory?.seconds ?? 0;
  let diagnostics = memory?.diagnostics ?? null;
  let held = memory?.held ?? null;
  let best = memory?.best ?? null;
  let savedAt = performance.now();
  const interval = 60_000 * (context.checkpointMinutes ?? CHECKPOINT_MINUTES);
  const epochs = allocateEpochs(model.stages, model.epochs);
  const [firstTrained, lastTrained] = [
    epochs.findIndex((count) => count > 0),
    epochs.findLastIndex((count) => count > 0),
  ];
  for (let index = memory?.stage ?? 0; index < model.stages.length; index++) {
    if (epochs[index] === 0) continue; // fewer epochs than stages
    const stage = model.stages[index]!;
    const place = { name: stage.name, index: index + 1, count: model.stages.length };
    const resumed = memory !== null && memory.stage === index;
    const fresh = stage.init(model.rng.split('stage', index), index === firstTrained ? null : state);
    if (resumed) assertSameSpecs(specsOf(fresh), specsOf(state));
    else state = fresh;
    const startedAt = performance.now() - 1000 * seconds;
    const elapsed = (): number => (performance.now() - startedAt) / 1000;
    const save = async (event: Extract<TrainingEvent, { position: Position }>): Promise<void> => {
      const { position, progress } = event;
      const kept: TrainingMemory = { stage: index, position, seconds: elapsed(), diagnostics, held, best };
      const at = { stage: stage.name, step: position.step, epoch: progress.epoch };
      await folder.assertHeld();
      await store.save(await event.snapshot(), at, encodeNumbers(kept));
      savedAt = performance.now();
    };
    /** Evaluates on the held-out images; the best epoch's weights are kept before the checkpoint that refers to it. */
    const validate = async (event: Extract<TrainingEvent, { type: 'epoch' }>): Promise<Tree<number>> => {
      if (context.validation === null || index < lastTrained) return {};
      const variables = stage.student(await event.snapshot());
      const { error, agreement } = await context.validation.measure(variables);
      const next = { epoch: event.progress.epoch, error, agreement };
      const chosen = better(best, next, context.validation);
      if (chosen === next) await context.keepBest(variables);
      best = chosen;
      held = next;
      return asMetrics(next, context.validation.metric);
    };
    const events = train({
      backend: context.backend,
      stage,
      batches: await batchesOf(stage.usesLabels, model, context),
      teacher,
      epochs: epochs[index]!,
      seed: context.seed,
      accumulate: context.accumulate ?? 1,
      state,
      signal: context.signal,
      checkpointDue: () => performance.now() - savedAt >= interval,
      ...(resumed ? { from: memory.position } : {}),
    });
    let progress: Progress | null = null;
    try {
      for await (const event of events) {
        if (event.type === 'step') {
          progress = event.progress;
          emit({
            type: 'step',
            model: name,
            stage: place,
            progress: event.progress,
            batchSize: context.batchSize,
          });
        } else if (event.type === 'metrics') {
          emit({ type: 'metrics', model: name, metrics: event.metrics });
        } else if (event.type === 'epoch') {
          diagnostics = event.diagnostics;
          const metrics = { ...event.metrics, ...(await validate(event)) };
          const { alarms } = event;
          progress = event.progress;
          emit({ type: 'epoch', model: name, stage: place, progress, metrics, diagnostics, alarms });
          const record: MetricsRecord = {
            model: name,
            stage: stage.name,
            event: 'epoch',
            epoch: progress.epoch,
            step: progress.step,
            seconds: elapsed(),
            metrics,
            diagnostics: diagnostics && withDeprecatedDiagnostics(diagnostics),
            alarms: alarms.map(({ code }) => code),
          };
          await folder.assertHeld();
          await folder.metrics.append(record);
          await save(event);
          if (teacher instanceof TeacherCache) await teacher.flush();
          await context.scalars.append(record);
        } else if (event.type === 'checkpoint') {
          await save(event);
        } else if (event.type === 'interrupted') {
          await save(event);
          return null;
        } else state = await event.snapshot();
      }
    } catch (error) {
      if (isDivergence(error) && progress !== null) {
        const { step, stepsPerEpoch } = progress;
        const epoch = Math.floor((step - 1) / stepsPerEpoch);
        await recordDivergence(folder, { model: name, stage: stage.name, epoch, step }, error);
      }
      throw error;
    }
    seconds = elapsed();
  }
  return { variables: model.stages[lastTrained]!.student(state), diagnostics, held, best, seconds };
}

async function batchesOf(usesLabels: boolean, model: PlannedModel, context: TrainContext) {
  const { data, batchSize, seed } = context;
  const { augmentation } = data;
  if (!usesLabels) return imageBatches(data.train.images, { batchSize, seed, augmentation });
  const unmixed = augmentation.mixing.length > 0 ? augmentation.withoutMixing() : augmentation;
  return labeledBatches(data.train, { batchSize, seed, augmentation: unmixed }, `"${model.name}"`);
}

/** Whether a record of the log comes before the point that training continues from. */
function isBefore(
  record: { readonly stage: string; readonly step: number },
  found: Checkpoint | null,
  model: PlannedModel,
): boolean {
  if (found === null) return false;
  const order = model.stages.map(({ name }) => name);
  const [stage, reached] = [order.indexOf(record.stage), order.indexOf(found.stage)];
  return stage < reached || (stage === reached && record.step <= found.step);
}
