import { basename } from 'node:path';
import type { DatasetSplit, HostTensor, Teacher, TeacherOutputs, Variables } from '@anc/core';
import { encodeNumbers, withDeprecatedDiagnostics } from '@anc/core/internal';
import { CheckpointStore, quoted, ScalarLog, TeacherCache, writeReport, type RunFolder } from '@anc/runtime';
import { classOrderWarning } from '../classifier/class-order.js';
import type {
  BestResult,
  DivergedStudent,
  ModelResult,
  RunResult,
  StudentResult,
} from '../events/documents.js';
import type { Emit, ModelRole } from '../events/events.js';
import { Interrupted, isInterruption } from '../events/interrupted.js';
import { changesInWords } from '../files/recorded-options.js';
import { placeOf, verifyModel } from '../files/verify.js';
import { readWeights, writeWeights } from '../files/weights.js';
import type { GivenTeacher } from '../planning/given-teacher.js';
import type { Plan, PlannedModel } from '../planning/plan.js';
import {
  evaluatePredictions,
  predict,
  type Predictions,
  type TestEvaluation,
} from '../training/evaluate-model.js';
import {
  frozenTeacher,
  openTeacherCache,
  teacherCacheReport,
  teacherPredictions,
  type SharedTeacherOutputs,
} from '../training/teacher-cache.js';
import { isDivergence, recordDivergence } from '../training/divergence.js';
import { trainModel } from '../training/train-model.js';
import type { BestEpoch } from '../training/validation.js';
import { closingWarnings } from './closing-warnings.js';
import { writeCompact } from './compact.js';
import type { InterpretedMethod } from './control.js';
import { assertFiniteWeights, divergedStudent, divergenceInWords } from './diverged-student.js';
import { chanceInWords, interpret } from './interpretation.js';
import { modelCard, weightsMetadata } from './model-card.js';
import { reportPart } from './part.js';
import { readDocument } from './read-document.js';

export interface Execution {
  readonly plan: Plan;
  readonly folder: RunFolder;
  /** The folder's path for people, relative to the working directory where that is shorter. */
  readonly shown: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Keeps the teacher's outputs for the next run of the same teacher on the same images. */
  readonly shared?: SharedTeacherOutputs;
}

/** What the models of a run share. */
interface RunContext extends Execution {
  readonly scalars: ScalarLog;
}

/**
 * Teacher, then students: each is trained, evaluated once on the test images and written. Models that an earlier process
 * finished are read. A student that diverged is named in the result, and the others are trained; a teacher that diverged
 * throws `ANC_DIVERGED`. Returns null where the signal was aborted.
 */
export async function executeRun(execution: Execution): Promise<RunResult | null> {
  try {
    return await trainAll(execution);
  } catch (error) {
    if (isInterruption(error, execution.signal)) return null;
    if (isDivergence(error)) await reportPart(execution.folder).catch(() => undefined);
    throw error;
  }
}

async function trainAll(execution: Execution): Promise<RunResult> {
  const { plan, folder, emit } = execution;
  const context: RunContext = { ...execution, scalars: new ScalarLog(folder) };
  const count = plan.students.length + 1;
  emit({ type: 'model', model: 'teacher', role: 'teacher', index: 1, count });
  const trained =
    'given' in plan.teacher
      ? null
      : await trainOrRead<ModelResult>(context, plan.teacher, 'teacher', null, noPredictions);
  const frozen = await frozenTeacher(plan, folder);
  try {
    return await trainStudents(context, frozen, trained, count);
  } finally {
    if (!('given' in plan.teacher)) await frozen.dispose(); // else it belongs to the plan
  }
}

/** The run's result, when its students are trained to imitate the frozen teacher. `trained`: the teacher's result; null where it is given. */
async function trainStudents(
  context: RunContext,
  frozen: Teacher,
  trained: ModelResult | null,
  count: number,
): Promise<RunResult> {
  const { plan, folder, shown, emit, signal, shared = {} } = context;
  const { options, data, backends } = plan;
  const notice = (message: string): void => emit({ type: 'notice', message });
  const evaluation = { batchSize: options.training.batchSize, emit, signal };
  const predictionsFor = (split: DatasetSplit, what: string): Promise<Predictions> =>
    teacherPredictions(frozen, shared, split, what, evaluation);
  const onTest = await predictionsFor(data.test, 'test images');
  const predictions = {
    test: onTest.classes,
    held: data.held === null ? null : (await predictionsFor(data.held, 'held-out images')).classes,
  };
  const order = 'given' in plan.teacher ? await orderWarningOf(plan, onTest) : null;
  if (order !== null) notice(order);
  const teacher = trained ?? (await givenResult(context, plan.teacher as GivenTeacher, onTest));
  const outputs = openTeacherCache(plan, frozen, shared, notice);
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    if (outputs instanceof TeacherCache) await outputs.close();
    if (!('given' in plan.teacher)) await frozen.dispose(); // else it belongs to the plan
  };
  try {
    const students: StudentResult[] = [];
    const finished: PlannedModel[] = [];
    const diverged: DivergedStudent[] = [];
    for (const [i, model] of plan.students.entries()) {
      emit({ type: 'model', model: model.name, role: 'student', index: i + 2, count });
      const teacherOutputs = model.needsTeacher ? outputs : null;
      const before = outputs instanceof TeacherCache ? outputs.counts : null;
      try {
        students.push(
          await trainOrRead<StudentResult>(context, model, 'student', teacherOutputs, predictions),
        );
        finished.push(model);
      } catch (error) {
        if (!isDivergence(error)) throw error;
        notice(`${model.name}: ${error.message}`);
        diverged.push(await divergedStudent(folder, model, error.message));
      }
      const report = outputs instanceof TeacherCache ? teacherCacheReport(outputs.counts, before) : null;
      if (report !== null) emit({ type: 'message', message: report });
    }
    const interpreted = students.map((result, i) => ({ result, ...interpretedMethodOf(finished[i]!) }));
    const classes = data.dataset.classes.length;
    const interpretation = [
      ...(order === null ? [] : [order]),
      ...(await changesInWords(folder)),
      ...diverged.map(divergenceInWords),
      ...interpret(interpreted, data.test.images.count),
      ...students.flatMap((student) => chanceInWords(student, classes)),
      ...closingWarnings(plan),
    ];
    const result: RunResult = {
      run: shown,
      dataset: options.data.dataset.name,
      backend: backends.student.name,
      seed: options.training.seed,
      teacher,
      students,
      classes,
      ...(plan.inspection === null ? {} : { teacherCheck: plan.inspection }),
      ...(diverged.length === 0 ? {} : { diverged }),
      interpretation,
      reading: interpretation,
    };
    await folder.writeResult(encodeNumbers(result));
    await close();
    await reportOrNotice(folder, result, shown, notice);
    return result;
  } catch (error) {
    await close().catch(() => undefined); // this error is the one to report
    throw error;
  }
}

/** A report is made from what is written: where there is no space for it, the run is complete nevertheless. */
async function reportOrNotice(
  folder: RunFolder,
  result: RunResult,
  shown: string,
  notice: (message: string) => void,
): Promise<void> {
  try {
    await writeReport(folder, result);
  } catch (error) {
    const { message } = error as Error;
    notice(
      `the report was not written (${message.replace(/\.$/, '')}); everything else was: anc-cli report ${quoted(shown)} writes it.`,
    );
  }
}

/** Whether a given teacher's classes are probably in another order than the labels; before anything is trained. */
async function orderWarningOf({ data, classNames }: Plan, { classes }: Predictions): Promise<string | null> {
  if (data.test.labels === null) return null;
  return classOrderWarning(classes, await data.test.labels(), { classNames }, data.dataset);
}

/** A given teacher's result: nothing was trained, its predictions for the test images are evaluated. */
async function givenResult(
  { plan, folder, emit }: RunContext,
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
    flops,
    seconds: 0,
    weights: digest,
    bytes,
  };
  await folder.write(['teacher', 'result.json'], `${JSON.stringify(encodeNumbers(result), null, 2)}\n`);
  emit({ type: 'result', model: 'teacher', role: 'teacher', result, trained: false });
  return result;
}

/** The teacher's predictions for the images that models are evaluated on; null for the teacher itself. */
interface TeacherPredictions {
  readonly test: Int32Array | null;
  readonly held: Int32Array | null;
}

const noPredictions: TeacherPredictions = { test: null, held: null };

/** Folder of the weights that did best on the held-out images. */
const BEST = 'best';

/** A model's result: read where it exists, else the model is trained, evaluated and written, the result last. */
async function trainOrRead<R extends ModelResult>(
  context: RunContext,
  model: PlannedModel,
  role: ModelRole,
  teacher: TeacherOutputs | null,
  predictions: TeacherPredictions,
): Promise<R> {
  const { plan, folder, emit, signal, scalars } = context;
  const { options, data, backends } = plan;
  const { batchSize } = options.training;
  const place = placeOf(role === 'teacher' ? 'teacher' : model.name);
  const checkpoints = new CheckpointStore(folder.checkpointsOf(model.name));
  const before = await folder.readDocument([...place, 'result.json'], (text) => readDocument<R>(text));
  if (before !== null) {
    await verifyModel(folder, place);
    assertFiniteWeights(folder, place, await readWeights(folder, place, model.network.initial));
    await checkpoints.clear(); // in case the process ended between writing the result and this
    emit({ type: 'result', model: model.name, role, result: before, trained: false });
    return before;
  }
  const metadata = weightsMetadata(plan, model);
  const { held } = data;
  const evaluateOn = (split: DatasetSplit, what: string, reference: Int32Array | null) => {
    const where = { backend: backends.student, batchSize, emit, signal };
    return async (variables: Variables<HostTensor>): Promise<TestEvaluation> =>
      evaluatePredictions(await predict(model.network, variables, split, what, where), split, reference);
  };
  const trained = await trainModel(model, teacher, {
    folder,
    scalars,
    data,
    backend: backends.student,
    batchSize,
    seed: model.seed,
    emit,
    signal,
    validation:
      held === null
        ? null
        : {
            by: model.stages.some(({ usesLabels }) => usesLabels) ? 'error' : 'agreement',
            measure: evaluateOn(held, 'held-out images', predictions.held),
          },
    ...(options.output.checkpointMinutes === undefined
      ? {}
      : { checkpointMinutes: options.output.checkpointMinutes }),
    keepBest: async (variables) => {
      await writeWeights(folder, [...place, BEST], variables, metadata);
    },
  });
  if (trained === null) throw new Interrupted();
  const onTest = evaluateOn(data.test, 'test images', predictions.test);
  const tested = async (variables: Variables<HostTensor>): Promise<TestEvaluation> => {
    try {
      return await onTest(variables);
    } catch (failure) {
      if (!isDivergence(failure)) throw failure;
      // The weights are finite, what they compute is not: training has to continue from an earlier state.
      const last = (await folder.metrics.read()).findLast((record) => record.model === model.name)!;
      const { stage, epoch, step } = last;
      await recordDivergence(folder, { model: model.name, stage, epoch, step }, failure);
      await checkpoints.dropNewest();
      throw failure;
    }
  };
  const { error, agreement, top5Error, chance } = await tested(trained.variables);
  const written = await writeWeights(folder, place, trained.variables, metadata);
  const where = { backend: backends.student, input: data.dataset.shape };
  const compact = await writeCompact(folder, place, model.network, trained.variables, metadata, where);
  const result = {
    ...(role === 'student' ? { method: model.method.name, name: model.name } : {}),
    model: model.network.model.name,
    testError: error,
    ...top5(top5Error),
    ...(agreement === null ? {} : { agreement }),
    ...(chance === null ? {} : { agreementBaseline: chance.baseline, kappa: chance.kappa }),
    ...(trained.held === null ? {} : { validationError: trained.held.error }),
    ...(trained.best === null
      ? {}
      : {
          best: bestResult(
            trained.best,
            await tested(await readWeights(folder, [...place, BEST], model.network.initial)),
          ),
        }),
    parameters: model.network.parameters,
    flops: model.network.flops,
    seconds: trained.seconds,
    ...(role === 'student' && trained.diagnostics !== null
      ? { diagnostics: withDeprecatedDiagnostics(trained.diagnostics) }
      : {}),
    ...written,
    ...(compact === null ? {} : { bytes: compact }),
  } as ModelResult as R;
  await folder.write([...place, 'README.md'], modelCard(plan, model, result));
  await folder.write([...place, 'result.json'], `${JSON.stringify(encodeNumbers(result), null, 2)}\n`);
  await checkpoints.clear();
  emit({ type: 'result', model: model.name, role, result, trained: true });
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

const interpretedMethodOf = ({ method, options, stages }: PlannedModel): InterpretedMethod => ({
  method: method.name,
  options: (options ?? {}) as Record<string, unknown>,
  usesLabels: stages.some(({ usesLabels }) => usesLabels),
});
