import type { TeacherOutputs } from '@anc/core';
import { CheckpointStore, encodeNumbers, ScalarLog, writeReport, type RunFolder } from '@anc/runtime';
import { formatSeconds, formatShare } from '../terminal/table.js';
import type { ReadMethod } from './control.js';
import type { PlayerResult, RunResult, StudentResult } from './documents.js';
import { judge, predict } from './evaluate-player.js';
import { Interrupted, isInterruption } from './interrupt.js';
import { modelCard, weightsMetadata } from './model-card.js';
import type { Plan, PlannedNetwork, PlannedPlayer } from './plan.js';
import { readingOf } from './reading.js';
import { rememberedTeacher, teacherClasses, type TeacherMemory } from './remembered-teacher.js';
import type { Reporter } from './reporter.js';
import { trainPlayer, type TrainedPlayer } from './train-player.js';
import { readWeights, writeWeights } from './weights.js';

export interface Execution {
  readonly plan: Plan;
  readonly folder: RunFolder;
  /** The folder as people would write it. */
  readonly shown: string;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Keeps what the teacher said for the next run of the same teacher on the same images. */
  readonly memory?: TeacherMemory;
}

/** What the players share beside. */
interface Play extends Execution {
  readonly scalars: ScalarLog;
}

/**
 * Teacher, then students, each trained, evaluated once on the test images and written; those that an earlier
 * process finished are read. Null where the signal was raised.
 */
export async function executeRun(execution: Execution): Promise<RunResult | null> {
  try {
    return await playAll(execution);
  } catch (error) {
    if (isInterruption(error, execution.signal)) return null;
    throw error;
  }
}

async function playAll(execution: Execution): Promise<RunResult> {
  const { plan, folder, shown, reporter, signal } = execution;
  const scalars = new ScalarLog(folder, { notice: (text) => reporter.notice(text) });
  const play: Play = { ...execution, scalars };
  const { config, data, backends } = plan;
  const count = plan.students.length + 1;
  const evaluation = { batchSize: config.batchSize, reporter, signal };

  reporter.begin('teacher', { index: 1, count });
  const teacher = await finished<PlayerResult>(play, plan.teacher, ['teacher'], null, (trained) =>
    measure(execution, plan.teacher.network, trained, null),
  );
  const variables = await readWeights(folder, ['teacher'], plan.teacher.network);
  const memory = execution.memory ?? {};
  const classes = await teacherClasses(plan, variables, memory, evaluation);
  const memo = await rememberedTeacher(plan, variables, memory);
  try {
    const students: StudentResult[] = [];
    for (const [i, player] of plan.students.entries()) {
      reporter.begin(player.name, { index: i + 2, count });
      const teacherOutputs = player.needsTeacher ? memo.outputs : null;
      students.push(
        await finished<StudentResult>(
          play,
          player,
          ['student', player.name],
          teacherOutputs,
          async (trained) => {
            const measured = await measure(execution, player.network, trained, classes);
            return {
              method: player.method.name,
              name: player.name,
              ...measured,
              agreement: measured.agreement!,
              ...(trained.diagnostics === null ? {} : { diagnostics: trained.diagnostics }),
            };
          },
        ),
      );
    }
    const read = students.map((result, i) => ({ result, ...readMethodOf(plan.students[i]!) }));
    const result: RunResult = {
      run: shown,
      dataset: config.dataset.name,
      backend: backends.student.name,
      seed: config.seed,
      teacher,
      students,
      reading: readingOf(read, data.test.images.count),
    };
    await folder.writeResult(encodeNumbers(result));
    await writeReport(folder, result);
    return result;
  } finally {
    await memo.dispose();
  }
}

/** A player's result: read where it is there, else trained for, measured and written, the result last. */
async function finished<R extends PlayerResult>(
  { plan, folder, reporter, signal, scalars }: Play,
  player: PlannedPlayer,
  place: readonly string[],
  teacher: TeacherOutputs | null,
  resultOf: (trained: TrainedPlayer) => Promise<Omit<R, 'weights' | 'bytes'>>,
): Promise<R> {
  const { config, data, backends } = plan;
  const before = await folder.read(...place, 'result.json');
  if (before !== null) {
    const result = decodeResult<R>(before);
    reporter.end(`${player.name}: finished before, test error ${formatShare(result.testError)}`);
    return result;
  }
  const trained = await trainPlayer(player, teacher, {
    folder,
    scalars,
    data,
    backend: backends.student,
    batchSize: config.batchSize,
    seed: player.seed,
    reporter,
    signal,
  });
  if (trained === null) throw new Interrupted();
  const measured = await resultOf(trained);
  const written = await writeWeights(folder, place, trained.variables, weightsMetadata(plan, player));
  const result = { ...measured, ...written } as R;
  await folder.write([...place, 'README.md'], modelCard(plan, player, result));
  await folder.write([...place, 'result.json'], `${JSON.stringify(encodeNumbers(result), null, 2)}\n`);
  await new CheckpointStore(folder.checkpointsOf(player.name)).clear();
  reporter.end(
    `${player.name}: test error ${formatShare(result.testError)}, trained in ${formatSeconds(result.seconds)}`,
  );
  return result;
}

async function measure(
  { plan, reporter, signal }: Execution,
  network: PlannedNetwork,
  { variables, seconds }: TrainedPlayer,
  teacher: Int32Array | null,
) {
  const { backends, config, data } = plan;
  const context = { backend: backends.student, batchSize: config.batchSize, reporter, signal };
  const predicted = await predict(network, variables, data.test, 'test images', context);
  const { error, agreement } = await judge(predicted, data.test, teacher);
  const held =
    data.held === null
      ? {}
      : {
          validationError: (
            await judge(
              await predict(network, variables, data.held, 'held-out images', context),
              data.held,
              null,
            )
          ).error,
        };
  return {
    model: network.model.name,
    testError: error,
    ...(agreement === null ? {} : { agreement }),
    ...held,
    parameters: network.parameters,
    flops: network.flops,
    seconds,
  };
}

const readMethodOf = ({ method, options, stages }: PlannedPlayer): ReadMethod => ({
  method: method.name,
  options: (options ?? {}) as Record<string, unknown>,
  usesLabels: stages.some(({ usesLabels }) => usesLabels),
});

/** Numbers that JSON cannot hold were written as words. */
const decodeResult = <R>(text: string): R =>
  JSON.parse(text, (_key, value: unknown) =>
    value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value,
  ) as R;
