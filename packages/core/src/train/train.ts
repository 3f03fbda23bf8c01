import type { Backend } from '../contracts/backend.js';
import type { Exchange, SynchronizedBatchNorm } from '../contracts/exchange.js';
import type { LabeledBatch } from '../contracts/dataset.js';
import type { Progress, Stage } from '../contracts/method.js';
import type { TeacherOutputs } from '../contracts/teacher.js';
import type { NotFinite } from '../step/probing-step.js';
import type { HostTensor, Tree } from '../tree/tree.js';
import { alarmsFor } from './alarms.js';
import { generatorAlarms } from './generator-alarms.js';
import { stepInputs, type BatchSource } from './batches.js';
import { diagnosticsOf, type Diagnostics } from './diagnostics.js';
import type { TrainingEvent } from './events.js';
import { divergedError, divergenceIn, type Divergence } from './divergence.js';
import { locateDivergence, type LocateOptions, type TrainingStep } from './locate-divergence.js';
import { emptyAccumulator, meansOf } from './metric-accumulator.js';
import type { Position } from './position.js';
import { prefetchNext } from './prefetch-next.js';
import { StageRunner } from './stage-runner.js';

/** How many steps a stage has, where that is not known from the start. */
export interface Horizon {
  /**
   * Steps that the stage is expected to have in all, when `step` of them are done: more than `step` as long as it goes on,
   * `step` to end it. Asked before the first step and after every one.
   */
  steps(step: number): number;
}

/** Options of `train`. */
export interface TrainOptions {
  /** Runs the steps. */
  readonly backend: Backend;
  /** The stage to train. */
  readonly stage: Stage;
  /** Labeled where `stage.usesLabels`. */
  readonly batches: BatchSource | BatchSource<LabeledBatch>;
  /** Required where the stage uses teacher outputs. */
  readonly teacher: TeacherOutputs | null;
  /** Of this stage; see `allocateEpochs`. */
  readonly epochs: number;
  /** Random seed of the noise (dropout masks). */
  readonly seed: number;
  /**
   * Number of micro-batches of each batch, for batches larger than memory; 1 where left out. Each phase's gradients are
   * averaged over them before its update, with the noise of the whole batch. Statistics of batch norm are each
   * micro-batch's own, and running averages are averaged.
   */
  readonly accumulate?: number;
  /**
   * Trains as one of several ranks, each with its rows of the same batches (see `BatchSource.offset`), on the same
   * state. Takes place between the gradients and the update of every phase.
   */
  readonly exchange?: Exchange;
  /**
   * With `exchange`: batch norm normalizes by the statistics of the whole batch, those of all ranks' rows. Each rank's own
   * where left out.
   */
  readonly synchronizedBatchNorm?: SynchronizedBatchNorm;
  /** From `stage.init`, or from a checkpoint. */
  readonly state: Tree<HostTensor>;
  /** From the checkpoint that `state` is from; the start where left out. */
  readonly from?: Position;
  /** Interrupts training after the current step. */
  readonly signal?: AbortSignal;
  /** Steps between readbacks of the metrics, which wait for the backend; an epoch always ends with one. */
  readonly metricsEvery?: number;
  /**
   * Ends the stage by something other than `epochs`, such as time. Schedules follow the share of the horizon that is done;
   * the last epoch may be cut short.
   */
  readonly horizon?: Horizon;
  /** Asked after every step: whether a checkpoint is due, which is then offered as an event. */
  readonly checkpointDue?: () => boolean;
}

/**
 * Trains one stage. Each step follows Section 3.4 of the paper: draw a batch of images, compute the frozen teacher's
 * outputs, update the discriminator, update the student.
 *
 * An interrupted stage that continues from its snapshot and position ends with the same state, bit for bit.
 *
 * @throws `ANC_CONFIG` for more micro-batches than a batch has images; `ANC_RANK_MEANS` where batch norm is to be synchronized
 *   on a backend that cannot; `ANC_DIVERGED` when a loss or a number of the state
 *   is not finite at a readback of the metrics, so that every snapshot is finite: it names the part of the step that first
 *   returned such a number, which the steps since the readback before are run again to find; `ANC_TEACHER_OUTPUT` when an
 *   output of the teacher is not finite.
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainingEvent, void> {
  const {
    backend,
    stage,
    batches,
    teacher,
    epochs,
    seed,
    signal,
    metricsEvery = 50,
    checkpointDue,
    horizon,
  } = options;
  const { stepsPerEpoch } = batches;
  const progressAt = (step: number): Progress => ({
    epoch: Math.floor(step / stepsPerEpoch),
    epochs: horizon === undefined ? epochs : Math.ceil(total / stepsPerEpoch),
    step,
    stepsPerEpoch,
  });

  let { step, accumulator } = options.from ?? { step: 0, accumulator: emptyAccumulator };
  /** Steps of the stage, as far as is known. */
  let total = horizon?.steps(step) ?? epochs * stepsPerEpoch;
  let diagnostics: Diagnostics | null = null;
  const runner = new StageRunner(backend, stage, options.state, options);
  /** The state as it was last read and found finite. */
  let checked: Tree<HostTensor> = options.state;
  const snapshotOf = (state: Tree<HostTensor>) => (): Promise<Tree<HostTensor>> => Promise.resolve(state);
  let readAt = step;
  let divergence: Divergence | null = null;
  /** The steps of an epoch from one of them on. */
  async function* stepsFrom(first: number): AsyncGenerator<TrainingStep> {
    const { epoch } = progressAt(first);
    const drawn = batches.epoch(epoch, first - epoch * stepsPerEpoch);
    const prepared = map(drawn, (batch) => stepInputs(stage, batch, batches.shape, teacher));
    let next = first;
    for await (const batch of prefetchNext(prepared)) {
      const progress = progressAt(next);
      // Schedules see the horizon to the step, not to the epoch.
      const { hyper, phases } = stage.next(
        horizon === undefined ? progress : { ...progress, epochs: total / stepsPerEpoch },
      );
      yield {
        phases,
        inputs: {
          batch,
          hyper,
          noise: { seed, step: next, offset: stage.rows?.start ?? batches.offset ?? 0 },
        },
      };
      next++;
    }
  }
  try {
    while (step < total) {
      const { epoch } = progressAt(step);
      for await (const { phases, inputs } of stepsFrom(step)) {
        await runner.play(phases, inputs);
        step++;
        if (horizon !== undefined) total = horizon.steps(step);
        const progress = progressAt(step);
        yield { type: 'step', progress };

        const ends = horizon !== undefined && step >= total;
        const epochEnds = ends || step % stepsPerEpoch === 0;
        const stops = signal?.aborted === true && step < total;
        const isDue = checkpointDue?.() === true && !epochEnds && !stops;
        if (epochEnds || stops || isDue || step % metricsEvery === 0) {
          const metrics = await runner.metrics();
          const state = await runner.read();
          divergence = divergenceIn(metrics, state, readAt, step, stage.step.sources);
          if (divergence !== null) break;
          checked = state;
          readAt = step;
          accumulator = metrics.addTo(accumulator);
          yield { type: 'metrics', progress, metrics: metrics.means };
        }
        if (ends) break;
        if (isDue)
          yield {
            type: 'checkpoint',
            progress,
            position: { step, accumulator },
            snapshot: snapshotOf(checked),
          };
        if (stops && !epochEnds) {
          yield {
            type: 'interrupted',
            progress,
            position: { step, accumulator },
            snapshot: snapshotOf(checked),
          };
          return;
        }
      }
      if (divergence !== null) {
        const steps = take(step - readAt, stepsFrom(readAt));
        const { exchange } = options;
        throw divergedError(
          divergence,
          exchange === undefined ? await located({ ...options, state: checked, steps }) : null,
        );
      }
      const metrics = meansOf(accumulator);
      accumulator = emptyAccumulator;
      diagnostics = diagnosticsOf(metrics);
      const alarms = [...(diagnostics === null ? [] : alarmsFor(diagnostics)), ...generatorAlarms(metrics)];
      const progress = { ...progressAt(step), epoch };
      const position = { step, accumulator };
      yield {
        type: 'epoch',
        progress,
        metrics,
        diagnostics,
        alarms,
        position,
        snapshot: snapshotOf(checked),
      };
      if (signal?.aborted === true && step < total) {
        yield { type: 'interrupted', progress, position, snapshot: snapshotOf(checked) };
        return;
      }
    }
    yield { type: 'done', progress: progressAt(step), diagnostics, snapshot: snapshotOf(checked) };
  } finally {
    await runner.close();
  }
}

/** Where a divergence cannot be located, it is reported without its place. */
const located = (options: LocateOptions): Promise<NotFinite | null> =>
  locateDivergence(options).catch(() => null);

async function* take<A>(count: number, source: AsyncIterable<A>): AsyncGenerator<A> {
  let taken = 0;
  if (count === 0) return;
  for await (const item of source) {
    yield item;
    if (++taken === count) return;
  }
}

async function* map<A, B>(
  source: AsyncIterable<A> | Iterable<A>,
  f: (item: A) => Promise<B>,
): AsyncGenerator<B> {
  for await (const item of source) yield await f(item);
}
