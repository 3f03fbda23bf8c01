import {
  train,
  type HookEpoch,
  type HostTensor,
  type Position,
  type Progress,
  type TeacherOutputs,
  type TrainingEvent,
  type TrainOptions,
  type Tree,
} from '@anc/core';
import {
  allocateEpochs,
  averagedStudent,
  encodeNumbers,
  onlyFrozen,
  type RankGroup,
  withDeprecatedDiagnostics,
  withoutFrozen,
} from '@anc/core/internal';
import {
  assertSameSpecs,
  CheckpointStore,
  specsOf,
  TeacherCache,
  type Checkpoint,
  type MetricsRecord,
} from '@anc/runtime';
import type { PlannedModel } from '../planning/plan.js';
import { batchesOf } from './stage-batches.js';
import { hookModelOf, measuredOn, Stopping } from './stopping.js';
import { assertContinuable, readMemory, type TrainingMemory } from './training-memory.js';
import { isDivergence, recordDivergence } from './divergence.js';
import type { TrainContext, TrainedModel } from './train-context.js';
import { nextEpoch, shareOutputs } from './share-outputs.js';
import { checksumOf, otherWeights } from './state-checksum.js';
import { asMetrics, better } from './validation.js';

/** Default of `checkpointMinutes`. */
export const CHECKPOINT_MINUTES = 5;

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
  const { name, seed } = model;
  const store = new CheckpointStore(folder.checkpointsOf(name), {
    owner: { model: name, seed },
    check: (checkpoint) => assertContinuable(checkpoint, model.stages.length),
    notice: (message) => emit({ type: 'notice', message }),
    ...(context.plugins !== undefined && context.plugins.length > 0 && { plugins: context.plugins }),
  });
  const latest = await store.latest();
  await folder.assertHeld();
  const found = latest === null || (await isBestThere(latest, context)) ? latest : null;
  if (found !== latest) {
    const message = `${name}: the weights of its best epoch are gone, so it is trained again from the start.`;
    emit({ type: 'notice', message });
    await store.clear();
  }
  await folder.metrics.rewind((record) => record.model !== name || isBefore(record, found, model));
  const memory = found === null ? null : readMemory(found.memory);
  let state: Tree<HostTensor> = found?.state ?? {};
  let seconds = memory?.seconds ?? 0;
  let diagnostics = memory?.diagnostics ?? null;
  let held = memory?.held ?? null;
  let best = memory?.best ?? null;
  const before = memory?.stopped ?? null;
  const continued = before !== null && context.continueStopped === true;
  const stopping = new Stopping(model.epochs, continued ? null : before);
  const isStopped = (): boolean => stopping.stopped !== null;
  const signal = AbortSignal.any([context.signal, stopping.signal]);
  const { hooks, ranks } = context;
  const isFirst = ranks === undefined || ranks.rank === 0;
  /** What the first rank finds, for all of them: hooks are called there alone. */
  const atFirst = async <T>(work: () => T | Promise<T>): Promise<T> =>
    ranks === undefined ? work() : ranks.share(work);
  if (memory?.hooks !== undefined) await hooks.restore(name, memory.hooks, continued);
  const hookModel = hookModelOf(model);
  let savedAt = performance.now();
  const interval = 60_000 * (context.checkpointMinutes ?? CHECKPOINT_MINUTES);
  const { timed } = context;
  const nominal = allocateEpochs(model.stages, model.epochs);
  const shares = model.stages.map(({ share = 1 }) => share);
  const epochs = timed === undefined ? nominal : shares.map((share) => (share > 0 ? 1 : 0));
  const box = timed === undefined ? null : await timed.open(memory?.timeBox ?? null);
  const [firstTrained, lastTrained] = [
    epochs.findIndex((count) => count > 0),
    epochs.findLastIndex((count) => count > 0),
  ];
  let reached = memory?.stage ?? 0;
  if (reached === 0 && firstTrained === 0 && !isStopped()) model.prepare?.();
  for (let index = reached; index < model.stages.length && !isStopped(); index++) {
    if (epochs[index] === 0) continue; // fewer epochs than stages
    reached = index;
    const stage = model.stages[index]!;
    const place = { name: stage.name, index: index + 1, count: model.stages.length };
    const resumed = memory !== null && memory.stage === index;
    const fresh = stage.init(
      model.rng.split('stage', index),
      index === firstTrained ? null : state,
      context.teacherVariables,
    );
    if (resumed) {
      const continued = { ...state, ...onlyFrozen(fresh) };
      assertSameSpecs(specsOf(fresh), specsOf(continued));
      state = continued;
    } else state = fresh;
    const epochsBefore = epochs.slice(0, index).reduce((sum, count) => sum + count, 0);
    const inModel = { before: epochsBefore, isLast: index === lastTrained };
    const at = { model: hookModel, stage: { name: stage.name, index, count: model.stages.length } };
    const startedAt = performance.now() - 1000 * seconds;
    const elapsed = (): number => (performance.now() - startedAt) / 1000;
    const save = async (event: Extract<TrainingEvent, { position: Position }>): Promise<void> => {
      const { position, progress } = event;
      const kept: TrainingMemory = {
        stage: index,
        position,
        seconds: elapsed(),
        diagnostics,
        held,
        best,
        stopped: stopping.stopped,
        ...(box === null ? {} : { timeBox: box.record }),
        hooks: await hooks.memoryOf(name),
      };
      const place = { stage: stage.name, step: position.step, epoch: progress.epoch };
      savedAt = performance.now();
      if (!isFirst) return; // the others continue from what it wrote
      await folder.assertHeld();
      await store.save(withoutFrozen(await event.snapshot()), place, encodeNumbers(kept));
      savedAt = performance.now();
      await timed?.saved();
    };
    /** Evaluates on the held-out images; the best epoch's weights are kept before the checkpoint that refers to it. */
    const validate = async (event: Extract<TrainingEvent, { type: 'epoch' }>): Promise<Tree<number>> => {
      if (context.validation === null || index < lastTrained) return {};
      const snapshot = await event.snapshot();
      const variables = stage.student(snapshot);
      const { error, agreement } = await context.validation.measure(variables);
      const next = { epoch: event.progress.epoch, error, agreement };
      const chosen = better(best, next, context.validation);
      if (chosen === next) await context.keepBest(variables);
      best = chosen;
      held = next;
      const { metric } = context.validation;
      const average = averagedStudent(variables, snapshot);
      if (average === null) return asMetrics(next, metric);
      return {
        ...asMetrics(next, metric),
        ...asMetrics(await context.validation.measure(average), metric, 'validation/ema'),
      };
    };
    const batches = await batchesOf(stage, model, context);
    const followsSteps = await atFirst(() => hooks.followsSteps);
    const horizon = box?.stage(
      index,
      shares.slice(0, index + 1).reduce((sum, share) => sum + share, 0) /
        shares.reduce((sum, share) => sum + share, 0),
      Math.max(1, nominal[index]!) * batches.stepsPerEpoch,
    );
    const events = train({
      backend: context.backend,
      stage,
      batches,
      teacher,
      epochs: epochs[index]!,
      seed: context.seed,
      accumulate: context.accumulate ?? 1,
      ...(ranks !== undefined && exchangeOf(ranks, context)),
      state,
      signal,
      checkpointDue: () => performance.now() - savedAt >= interval,
      ...(resumed ? { from: memory.position } : {}),
      ...(horizon === undefined ? {} : { horizon }),
    });
    let progress: Progress | null = null;
    let metrics: Tree<number> | null = null;
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
          if (followsSteps) {
            const { step, stepsPerEpoch } = progress;
            const inEpoch = { ...progress, epoch: Math.floor((step - 1) / stepsPerEpoch) };
            const done = { ...at, progress: inEpoch, metrics };
            stopping.request(await atFirst(() => hooks.onStep(done)), inEpoch, inModel);
          }
          metrics = null;
        } else if (event.type === 'metrics') {
          metrics = event.metrics;
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
          const ended: HookEpoch = {
            ...at,
            progress,
            metrics,
            diagnostics: diagnostics as Tree<number> | null,
            validation: measuredOn(metrics, context.validation),
          };
          stopping.request(await atFirst(() => hooks.onEpoch(ended)), progress, inModel);
          await ranks?.agree(checksumOf(await event.snapshot()), otherWeights);
          await folder.assertHeld();
          await folder.metrics.append(record);
          await timed?.exportable(stage.student(await event.snapshot()));
          if (stage.generated !== undefined)
            await context.onGenerated?.(stage.generated(await event.snapshot()), progress);
          await save(event);
          if (teacher instanceof TeacherCache) {
            await teacher.flush();
            const rankOf = batches.rankOf?.(nextEpoch(event.progress));
            if (ranks !== undefined && rankOf !== undefined) await shareOutputs(teacher, ranks, rankOf);
          }
          await hooks.onEpochSaved(ended);
        } else if (event.type === 'checkpoint') {
          await save(event);
        } else if (event.type === 'interrupted') {
          await save(event);
          if (!isStopped()) return null;
          state = await event.snapshot();
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
  const variables = model.stages[reached]!.student(state);
  return {
    variables,
    averaged: averagedStudent(variables, state),
    diagnostics,
    held,
    best,
    stopped: stopping.stopped,
    seconds,
    timeBox: box?.record ?? null,
  };
}

/** What the steps of a rank exchange with the others. */
const exchangeOf = (
  { exchange, synchronizedBatchNorm }: RankGroup,
  { batchNorm }: TrainContext,
): Pick<TrainOptions, 'exchange' | 'synchronizedBatchNorm'> => ({
  exchange,
  ...(batchNorm !== 'local' && { synchronizedBatchNorm }),
});

/** A checkpoint after a best epoch is worth nothing without that epoch's weights: no later one may be better. */
const isBestThere = async ({ memory }: Checkpoint, { hasBest }: TrainContext): Promise<boolean> =>
  readMemory(memory).best === null || hasBest === undefined || (await hasBest());

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
