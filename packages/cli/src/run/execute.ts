import { basename } from 'node:path';
import {
  encodeNumbers,
  withDeprecatedDiagnostics,
  type DatasetSplit,
  type HostTensor,
  type TeacherOutputs,
  type Variables,
} from '@anc/core';
import { CheckpointStore, ScalarLog, TeacherCache, writeReport, type RunFolder } from '@anc/runtime';
import { formatSeconds, formatShare } from '../terminal/table.js';
import { writeCompact } from './compact.js';
import type { InterpretedMethod } from './control.js';
import type { BestResult, ModelResult, RunResult, StudentResult } from './documents.js';
import { evaluatePredictions, predict, type TestEvaluation, type Predictions } from './evaluate-player.js';
import type { GivenTeacher } from './given-teacher.js';
import { Interrupted, isInterruption } from './interrupt.js';
import { modelCard, weightsMetadata } from './model-card.js';
import type { Plan, PlannedModel } from './plan.js';
import { interpret } from './reading.js';
import {
  frozenTeacher,
  teacherCacheReport,
  openTeacherCache,
  teacherPredictions,
  type SharedTeacherOutputs,
} from './remembered-teacher.js';
import type { Reporter } from './reporter.js';
import { trainModel } from './train-player.js';
import type { BestEpoch } from './validation.js';
import { readWeights, writeWeights } from './weights.js';

export interface Execution {
  readonly plan: Plan;
  readonly folder: RunFolder;
  /** The folder as people would write it. */
  readonly shown: string;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Keeps what the teacher said for the next run of the same teacher on the same images. */
  readonly memory?: SharedTeacherOutputs;
}

/** What the players share beside. */
interface RunContext extends Execution {
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
  const scalars = new ScalarLog(folder);
  const play: RunContext = { ...execution, scalars };
  const { config, data, backends } = plan;
  const count = plan.students.length + 1;
  const evaluation = { batchSize: config.batchSize, reporter, signal };

  reporter.begin('teacher', { index: 1, count });
  const trained =
    'given' in plan.teacher
      ? null
      : await trainOrRead<ModelResult>(play, plan.teacher, ['teacher'], null, noClasses);
  const frozen = await frozenTeacher(plan, folder);
  const memory = execution.memory ?? {};
  const saidOf = (split: DatasetSplit, what: string): Promise<Predictions> =>
    teacherPredictions(frozen, memory, split, what, evaluation);
  const said = await saidOf(data.test, 'test images');
  const classes = {
    test: said.classes,
    held: data.held === null ? null : (await saidOf(data.held, 'held-out images')).classes,
  };
  const teacher = trained ?? (await givenResult(play, plan.teacher as GivenTeacher, said));
  const memo = openTeacherCache(plan, frozen, memory, (text) => reporter.notice(text));
  try {
    const students: StudentResult[] = [];
    for (const [i, player] of plan.students.entries()) {
      reporter.begin(player.name, { index: i + 2, count });
      const teacherOutputs = player.needsTeacher ? memo : null;
      const before = memo instanceof TeacherCache ? memo.counts : null;
      students.push(
        await trainOrRead<StudentResult>(play, player, ['student', player.name], teacherOutputs, classes),
      );
      const report = memo instanceof TeacherCache ? teacherCacheReport(memo.counts, before) : null;
      if (report !== null) reporter.end(report);
    }
    const read = students.map((result, i) => ({ result, ...readMethodOf(plan.students[i]!) }));
    const result: RunResult = {
      run: shown,
      dataset: config.dataset.name,
      backend: backends.student.name,
      seed: config.seed,
      teacher,
      students,
      reading: interpret(read, data.test.images.count),
    };
    await folder.writeResult(encodeNumbers(result));
    await writeReport(folder, result);
    return result;
  } finally {
    if (memo instanceof TeacherCache) await memo.close();
    if (!('given' in plan.teacher)) await frozen.dispose(); // the plan's own otherwise
  }
}

/** A given teacher's result: nothing was trained, its classes for the test images are judged. */
async function givenResult(
  { plan, folder, reporter }: RunContext,
  { given }: GivenTeacher,
  predicted: Predictions,
): Promise<ModelResult> {
  const { error, top5Error } = await evaluatePredictions(predicted, plan.data.test, null);
  const { model, parameters, flops, digest, bytes } = given;
  const result: ModelResult = {
    model: basename(model),
    testError: error,
    ...top5(top5Error),
    parameters,
    flops: flops ?? NaN,
    seconds: 0,
    weights: digest,
    bytes,
  };
  await folder.write(['teacher', 'result.json'], `${JSON.stringify(encodeNumbers(result), null, 2)}\n`);
  reporter.end(`teacher: ${model}, test error ${formatShare(error)}`);
  return result;
}

/** What the teacher says of the images that players are judged on; null for the teacher itself. */
interface TeacherClasses {
  readonly test: Int32Array | null;
  readonly held: Int32Array | null;
}

const noClasses: TeacherClasses = { test: null, held: null };

/** Where a player keeps the weights that did best on the held-out images. */
const BEST = 'best';

/** A player's result: read where it is there, else trained for, measured and written, the result last. */
async function trainOrRead<R extends ModelResult>(
  play: RunContext,
  player: PlannedModel,
  place: readonly string[],
  teacher: TeacherOutputs | null,
  classes: TeacherClasses,
): Promise<R> {
  const { plan, folder, reporter, signal, scalars } = play;
  const { config, data, backends } = plan;
  const checkpoints = new CheckpointStore(folder.checkpointsOf(player.name));
  const before = await folder.read(...place, 'result.json');
  if (before !== null) {
    await checkpoints.clear(); // where the process ended between the result and this
    const result = decodeResult<R>(before);
    reporter.end(`${player.name}: finished before, test error ${formatShare(result.testError)}`);
    return result;
  }
  const metadata = weightsMetadata(plan, player);
  const { held } = data;
  const judged = (split: DatasetSplit, what: string, reference: Int32Array | null) => {
    const context = { backend: backends.student, batchSize: config.batchSize, reporter, signal };
    return async (variables: Variables<HostTensor>): Promise<TestEvaluation> =>
      evaluatePredictions(await predict(player.network, variables, split, what, context), split, reference);
  };
  const trained = await trainModel(player, teacher, {
    folder,
    scalars,
    data,
    backend: backends.student,
    batchSize: config.batchSize,
    seed: player.seed,
    reporter,
    signal,
    validation:
      held === null
        ? null
        : {
            by: player.stages.some(({ usesLabels }) => usesLabels) ? 'error' : 'agreement',
            measure: judged(held, 'held-out images', classes.held),
          },
    keepBest: async (variables) => {
      await writeWeights(folder, [...place, BEST], variables, metadata);
    },
  });
  if (trained === null) throw new Interrupted();
  const onTest = judged(data.test, 'test images', classes.test);
  const { error, agreement, top5Error } = await onTest(trained.variables);
  const written = await writeWeights(folder, place, trained.variables, metadata);
  const where = { backend: backends.student, input: data.dataset.shape };
  const compact = await writeCompact(folder, place, player.network, trained.variables, metadata, where);
  const result = {
    ...(place[0] === 'student' ? { method: player.method.name, name: player.name } : {}),
    model: player.network.model.name,
    testError: error,
    ...top5(top5Error),
    ...(agreement === null ? {} : { agreement }),
    ...(trained.held === null ? {} : { validationError: trained.held.error }),
    ...(trained.best === null
      ? {}
      : {
          best: bestResult(
            trained.best,
            await onTest(await readWeights(folder, [...place, BEST], player.network)),
          ),
        }),
    parameters: player.network.parameters,
    flops: player.network.flops,
    seconds: trained.seconds,
    ...(place[0] === 'student' && trained.diagnostics !== null
      ? { diagnostics: withDeprecatedDiagnostics(trained.diagnostics) }
      : {}),
    ...written,
    ...(compact === null ? {} : { bytes: compact }),
  } as ModelResult as R;
  await folder.write([...place, 'README.md'], modelCard(plan, player, result));
  await folder.write([...place, 'result.json'], `${JSON.stringify(encodeNumbers(result), null, 2)}\n`);
  await checkpoints.clear();
  reporter.end(
    `${player.name}: test error ${formatShare(result.testError)}, trained in ${formatSeconds(result.seconds)}`,
  );
  return result;
}

const top5 = (error: number | null) => (error === null ? {} : { testTop5Error: error });

const bestResult = (best: BestEpoch, test: TestEvaluation): BestResult => ({
  epoch: best.epoch + 1,
  validationError: best.error,
  ...(best.agreement === null ? {} : { validationAgreement: best.agreement }),
  testError: test.error,
  ...(test.agreement === null ? {} : { agreement: test.agreement }),
});

const readMethodOf = ({ method, options, stages }: PlannedModel): InterpretedMethod => ({
  method: method.name,
  options: (options ?? {}) as Record<string, unknown>,
  usesLabels: stages.some(({ usesLabels }) => usesLabels),
});

/** Numbers that JSON cannot hold were written as words. */
const decodeResult = <R>(text: string): R =>
  JSON.parse(text, (_key, value: unknown) =>
    value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value,
  ) as R;
