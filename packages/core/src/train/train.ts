import type { Backend, CompiledStep, DeviceState } from '../contracts/backend.js';
import type { ImageBatch, LabelledBatch } from '../contracts/dataset.js';
import { AncError } from '../errors/error.js';
import type { Progress, Stage } from '../contracts/method.js';
import type { StepSpec } from '../contracts/step.js';
import type { TeacherOutputs } from '../contracts/teacher.js';
import { mapTree, prefixTree, specOf, type HostTensor, type Tree } from '../tree/tree.js';
import { alarmsFor } from './alarms.js';
import { diagnosticsOf, type Diagnostics } from './diagnostics.js';
import { prefetchNext } from './prefetch-next.js';
import type { Position, TrainingEvent } from './events.js';
import { accumulate, emptyAccumulator, meansOf } from './metric-accumulator.js';

/** Whatever gives batches of one size. Label-free stages are handed a source that knows no labels. */
export interface BatchSource<B extends ImageBatch = ImageBatch> {
  readonly stepsPerEpoch: number;
  /** [H, W, C]. */
  readonly shape: readonly number[];
  /** The batches of one epoch, from batch `from` on. The same epoch always gives the same batches. */
  epoch(epoch: number, from: number): AsyncIterable<B> | Iterable<B>;
}

export interface TrainOptions {
  readonly backend: Backend;
  readonly stage: Stage;
  /** Labelled where `stage.usesLabels`. */
  readonly batches: BatchSource | BatchSource<LabelledBatch>;
  /** Required where the stage wants teacher outputs. */
  readonly teacher: TeacherOutputs | null;
  readonly epochs: number;
  readonly seed: number;
  /** From `stage.init`, or a checkpoint. */
  readonly state: Tree<HostTensor>;
  /** Where a checkpoint stood. */
  readonly from?: Position;
  readonly signal?: AbortSignal;
  /** Steps between readings of the metrics. */
  readonly metricsEvery?: number;
}

/**
 * Trains one stage. Each step is the paper's Section 3.4: draw a batch of images, ask the frozen teacher,
 * update the discriminator, update the student.
 *
 * Throws `ANC_DIVERGED` when a loss stops being finite. Stops after the current step when `signal` is raised.
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainingEvent, void> {
  const { backend, stage, batches, teacher, epochs, seed, signal, metricsEvery: readEvery = 50 } = options;
  const { stepsPerEpoch } = batches;
  const clockAt = (step: number): Progress => ({
    epoch: Math.floor(step / stepsPerEpoch),
    epochs,
    step,
    stepsPerEpoch,
  });

  let { step, tally } = options.from ?? { step: 0, tally: emptyAccumulator };
  let diagnostics: Diagnostics | null = null;
  const game = new StageRunner(backend, stage, options.state);
  await game.open();
  const snapshot = (): Promise<Tree<HostTensor>> => game.read();
  try {
    while (step < epochs * stepsPerEpoch) {
      const { epoch } = clockAt(step);
      const drawn = batches.epoch(epoch, step - epoch * stepsPerEpoch);
      const prepared = map(drawn, (batch) => prepare(stage, batch, batches.shape, teacher));
      for await (const batch of prefetchNext(prepared)) {
        const { hyper, phases } = stage.next(clockAt(step));
        await game.play(phases, { batch, hyper, noise: { seed, step } });
        step++;
        yield { type: 'step', clock: clockAt(step) };

        const epochEnds = step % stepsPerEpoch === 0;
        const stops = signal?.aborted === true && step < epochs * stepsPerEpoch;
        if (epochEnds || stops || step % readEvery === 0) {
          const { count, means } = await game.metrics();
          assertFinite(means, clockAt(step));
          tally = accumulate(tally, means, count);
          yield { type: 'metrics', clock: clockAt(step), metrics: means };
        }
        if (stops && !epochEnds) {
          yield { type: 'interrupted', clock: clockAt(step), position: { step, tally }, snapshot };
          return;
        }
      }
      const metrics = meansOf(tally);
      tally = emptyAccumulator;
      diagnostics = diagnosticsOf(metrics);
      const alarms = diagnostics === null ? [] : alarmsFor(diagnostics);
      const clock = { ...clockAt(step), epoch };
      yield { type: 'epoch', clock, metrics, diagnostics, alarms, position: { step, tally }, snapshot };
      if (signal?.aborted === true && step < epochs * stepsPerEpoch) {
        yield { type: 'interrupted', clock, position: { step, tally }, snapshot };
        return;
      }
    }
    yield { type: 'done', clock: clockAt(step), diagnostics, snapshot };
  } finally {
    await game.close();
  }
}

/** The step's inputs: bytes, the teacher's outputs, and labels only where the stage declares that it reads them. */
async function prepare(
  stage: Stage,
  batch: ImageBatch | LabelledBatch,
  shape: readonly number[],
  teacher: TeacherOutputs | null,
): Promise<Tree<HostTensor>> {
  const size = batch.indices.length;
  const inputs: Record<string, HostTensor> = { images: { shape: [size, ...shape], data: batch.images } };
  if (stage.teacherOutputs.length > 0) {
    if (teacher === null) {
      throw new AncError('ANC_TEACHER', `stage "${stage.name}" needs a teacher and was given none.`);
    }
    Object.assign(inputs, prefixTree('teacher', await teacher.outputs(batch, stage.teacherOutputs)));
  }
  if (stage.usesLabels) {
    if (!('labels' in batch)) {
      throw new AncError('ANC_LABELS', `stage "${stage.name}" needs labels and the data has none.`, {
        hint: 'choose a method that needs no labels, such as adversarial, kd or l2.',
      });
    }
    inputs.labels = { shape: [size], data: batch.labels };
  }
  return inputs;
}

/** A stage's state on a backend, and its step compiled for each combination of phases that is played. */
class StageRunner {
  readonly #compiled = new Map<string, CompiledStep>();
  readonly #played = new Map<CompiledStep, number>();
  #state: DeviceState | null = null;

  constructor(
    readonly backend: Backend,
    readonly stage: Stage,
    readonly initial: Tree<HostTensor>,
  ) {}

  async open(): Promise<void> {
    this.#state = await this.backend.upload(this.initial);
  }

  async play(
    phases: readonly string[],
    inputs: { batch: Tree<HostTensor>; hyper: Tree<number>; noise: { seed: number; step: number } },
  ): Promise<void> {
    const key = phases.join('+');
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      const spec: StepSpec = {
        state: mapTree(this.initial, specOf),
        batch: mapTree(inputs.batch, specOf),
        hyper: Object.keys(inputs.hyper),
        phases,
      };
      compiled = await this.backend.compile(this.stage.step, spec);
      this.#compiled.set(key, compiled);
    }
    await compiled.run(this.#state!, inputs);
    this.#played.set(compiled, (this.#played.get(compiled) ?? 0) + 1);
  }

  /** Means over the steps since the last reading, over all combinations of phases. */
  async metrics(): Promise<{ count: number; means: Tree<number> }> {
    let tally = emptyAccumulator;
    for (const [compiled, count] of this.#played) tally = accumulate(tally, await compiled.metrics(), count);
    this.#played.clear();
    return { count: tally.count, means: meansOf(tally) };
  }

  read(): Promise<Tree<HostTensor>> {
    return this.#state!.read();
  }

  async close(): Promise<void> {
    for (const compiled of this.#compiled.values()) await compiled.dispose();
    await this.#state?.dispose();
  }
}

function assertFinite(metrics: Tree<number>, clock: Progress): void {
  const bad = Object.entries(metrics).find(
    ([name, value]) => name.startsWith('loss/') && !Number.isFinite(value),
  );
  if (bad === undefined) return;
  throw new AncError('ANC_DIVERGED', `training diverged before step ${clock.step}: ${bad[0]} is ${bad[1]}.`, {
    hint: 'lower the learning rate, add warm-up, or lower the adversarial weight; the last checkpoint is intact.',
  });
}

async function* map<A, B>(
  source: AsyncIterable<A> | Iterable<A>,
  f: (item: A) => Promise<B>,
): AsyncGenerator<B> {
  for await (const item of source) yield await f(item);
}
