import {
  allocateEpochs,
  currentDiagnostics,
  decodeNumbers,
  encodeNumbers,
  readPosition,
  train,
  type Backend,
  type Diagnostics,
  type HostTensor,
  type Json,
  type Position,
  type TeacherOutputs,
  type TrainingEvent,
  type Tree,
  type Variables,
} from '@anc/core';
import {
  assertSameSpecs,
  CheckpointStore,
  mixedBatches,
  specsOf,
  TeacherCache,
  type Checkpoint,
  type MetricsRecord,
  type RunFolder,
  type ScalarLog,
} from '@anc/runtime';
import { imageBatches, labelledBatches, type TrainingData } from './data.js';
import type { PlannedModel } from './plan.js';
import type { Reporter } from './reporter.js';
import { asMetrics, better, type BestEpoch, type HeldOut, type Validation } from './validation.js';

/** What training a player takes besides the player. */
export interface TrainContext {
  readonly folder: RunFolder;
  readonly scalars: ScalarLog;
  readonly data: TrainingData;
  readonly backend: Backend;
  readonly batchSize: number;
  readonly seed: number;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** After every epoch of the last stage; null without held-out images. */
  readonly validation: Validation | null;
  /** Keeps the weights of the best epoch so far. */
  readonly keepBest: (variables: Variables<HostTensor>) => Promise<void>;
}

export interface TrainedModel {
  readonly variables: Variables<HostTensor>;
  /** Of the last epoch of the last stage. */
  readonly diagnostics: Diagnostics | null;
  /** After the last epoch; null without held-out images. */
  readonly held: HeldOut | null;
  /** By the held-out images; its weights are where `keepBest` put them. */
  readonly best: BestEpoch | null;
  /** Of training, over all the processes that took part. */
  readonly seconds: number;
}

/** What a checkpoint remembers beside the state. */
interface Memory {
  readonly stage: number;
  readonly position: Position;
  readonly seconds: number;
  readonly diagnostics: Diagnostics | null;
  readonly held: HeldOut | null;
  readonly best: BestEpoch | null;
}

/**
 * Trains a player through its stages, from its newest checkpoint where it has one, and leaves a checkpoint
 * after every epoch. Null where the signal was raised: the folder then continues from this very step.
 */
export async function trainModel(
  player: PlannedModel,
  teacher: TeacherOutputs | null,
  context: TrainContext,
): Promise<TrainedModel | null> {
  const { folder, reporter } = context;
  const store = new CheckpointStore(folder.checkpointsOf(player.name), {
    notice: (text) => reporter.notice(text),
  });
  const found = await store.latest();
  await folder.metrics.rewind((record) => record.model !== player.name || isBefore(record, found, player));
  const memory = found === null ? null : readMemory(found.memory);
  let state: Tree<HostTensor> = found?.state ?? {};
  let seconds = memory?.seconds ?? 0;
  let diagnostics = memory?.diagnostics ?? null;
  let held = memory?.held ?? null;
  let best = memory?.best ?? null;
  const epochs = allocateEpochs(player.stages, player.epochs);
  const [firstTrained, lastTrained] = [
    epochs.findIndex((count) => count > 0),
    epochs.findLastIndex((count) => count > 0),
  ];
  for (let index = memory?.stage ?? 0; index < player.stages.length; index++) {
    if (epochs[index] === 0) continue;
    const stage = player.stages[index]!;
    const resumed = memory !== null && memory.stage === index;
    const fresh = stage.init(player.rng.split('stage', index), index === firstTrained ? null : state);
    if (resumed) assertSameSpecs(specsOf(fresh), specsOf(state));
    else state = fresh;
    const startedAt = performance.now() - 1000 * seconds;
    const elapsed = (): number => (performance.now() - startedAt) / 1000;
    const save = async (event: Extract<TrainingEvent, { position: Position }>): Promise<void> => {
      const { position, progress } = event;
      const kept: Memory = { stage: index, position, seconds: elapsed(), diagnostics, held, best };
      const place = { stage: stage.name, step: position.step, epoch: progress.epoch };
      await store.save(await event.snapshot(), place, encodeNumbers(kept));
    };
    /** The shares on the held-out images; the best epoch's weights are kept before the checkpoint that knows of it. */
    const validate = async (event: Extract<TrainingEvent, { type: 'epoch' }>): Promise<Tree<number>> => {
      if (context.validation === null || index < lastTrained) return {};
      const variables = stage.student(await event.snapshot());
      const { error, agreement } = await context.validation.measure(variables);
      const next = { epoch: event.progress.epoch, error, agreement };
      const chosen = better(best, next, context.validation.by);
      if (chosen === next) await context.keepBest(variables);
      best = chosen;
      held = next;
      return asMetrics(next);
    };
    const events = train({
      backend: context.backend,
      stage,
      batches: await batchesOf(stage.usesLabels, player, context),
      teacher,
      epochs: epochs[index]!,
      seed: context.seed,
      state,
      signal: context.signal,
      ...(resumed ? { from: memory.position } : {}),
    });
    for await (const event of events) {
      if (event.type === 'step') reporter.step(event.progress, context.batchSize);
      else if (event.type === 'metrics') reporter.metrics(event.metrics);
      else if (event.type === 'epoch') {
        diagnostics = event.diagnostics;
        const metrics = { ...event.metrics, ...(await validate(event)) };
        reporter.epoch(event.progress, metrics, event.alarms);
        const record: MetricsRecord = {
          model: player.name,
          stage: stage.name,
          event: 'epoch',
          epoch: event.progress.epoch,
          step: event.progress.step,
          seconds: elapsed(),
          metrics,
          diagnostics: event.diagnostics,
          alarms: event.alarms.map(({ code }) => code),
        };
        await folder.metrics.append(record);
        await save(event);
        if (teacher instanceof TeacherCache) await teacher.flush();
        await context.scalars.append(record);
      } else if (event.type === 'interrupted') {
        await save(event);
        return null;
      } else state = await event.snapshot();
    }
    seconds = elapsed();
  }
  return { variables: player.stages.at(lastTrained)!.student(state), diagnostics, held, best, seconds };
}

async function batchesOf(usesLabels: boolean, player: PlannedModel, context: TrainContext) {
  const { data, batchSize, seed } = context;
  const order = { batchSize, seed, augmentation: data.augmentation };
  if (usesLabels) return await labelledBatches(data.train, order, `"${player.name}"`);
  const plain = imageBatches(data.train.images, order);
  return data.mixup > 0 ? mixedBatches(plain, { alpha: data.mixup, seed }) : plain;
}

/** Whether a record of the log comes before the point that training goes on from. */
function isBefore(
  record: { readonly stage: string; readonly step: number },
  found: Checkpoint | null,
  player: PlannedModel,
): boolean {
  if (found === null) return false;
  const order = player.stages.map(({ name }) => name);
  const [stage, reached] = [order.indexOf(record.stage), order.indexOf(found.stage)];
  return stage < reached || (stage === reached && record.step <= found.step);
}

/** A checkpoint's memory, numbers that JSON cannot hold included. */
function readMemory(memory: Json): Memory {
  const raw = decodeNumbers<Memory>(memory, ['seconds', 'diagnostics', 'held', 'best']);
  const { position, diagnostics } = raw;
  return {
    ...raw,
    position: readPosition(position),
    diagnostics: diagnostics === null ? null : currentDiagnostics(diagnostics),
  };
}
