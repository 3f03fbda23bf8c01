import { isAncError, type DatasetSplit, type Teacher } from '@anc/core';
import { encodeNumbers, taskEntry, type SplitPredictions } from '@anc/core/internal';
import { writeReport } from '@anc/runtime';
import { budgetInWords, budgetResult } from '../budget/budget-result.js';
import { writeLatency } from '../analysis/latency.js';
import { writeData } from '../analysis/write-data.js';
import { classOrderWarning } from '../classifier/class-order.js';
import type { DivergedStudent, ModelResult, RunResult, StudentResult } from '../events/documents.js';
import { isInterruption } from '../events/interrupted.js';
import { HookRunner } from '../hooks/hook-runner.js';
import { changesInWords } from '../files/recorded-options.js';
import { reportOrNotice } from '../files/report-or-notice.js';
import { microBatchOf } from '../options/micro-batch.js';
import type { GivenTeacher } from '../planning/given-teacher.js';
import type { Plan, PlannedModel } from '../planning/plan.js';
import { isDivergence } from '../training/divergence.js';
import { epochOf } from '../training/stage-batches.js';
import {
  frozenTeacher,
  openTeacherCache,
  teacherCacheReport,
  teacherPredictions,
} from '../training/teacher-cache.js';
import { closingWarnings } from './closing-warnings.js';
import type { InterpretedMethod } from './control.js';
import { divergedStudent, divergenceInWords } from './diverged-student.js';
import { hookRunOf, type Execution, type RunContext } from './execution.js';
import { averageInWords, chanceInWords, interpret, shortTimeInWords } from './interpretation.js';
import { givenResult, noPredictions, trainOrRead } from './model-result.js';
import { reportPart } from './part.js';
import { isFirst, onRank, together } from './ranks.js';
import { RunClock } from './run-clock.js';
import { reported } from './reported.js';
import { stoppedInWords, stoppedRunInWords } from './stopped.js';

/**
 * Teacher, then students: each is trained, evaluated once on the test images and written. Models that an earlier process
 * finished are read. A student that diverged is named in the result, and the others are trained; a teacher that diverged
 * throws `ANC_DIVERGED`. Returns null where the signal was aborted.
 */
export async function executeRun(execution: Execution): Promise<RunResult | null> {
  const { ranks } = execution;
  return executeHere(ranks === undefined ? execution : onRank(execution, ranks));
}

async function executeHere(execution: Execution): Promise<RunResult | null> {
  const { emit } = execution;
  const hooks = new HookRunner(execution.plan.hooks, (message) => emit({ type: 'notice', message }));
  const clock =
    execution.plan.options.training.time === undefined
      ? undefined
      : await RunClock.open(execution.folder, execution.spent ?? 0);
  const isInterrupted = (error: unknown): boolean => isInterruption(error, execution.signal);
  try {
    return await hooks.during(
      hookRunOf(execution),
      () => trainOrReport({ ...execution, hooks, ...(clock && { clock }) }),
      (error) => (isInterrupted(error) ? 'interrupted' : 'failed'),
    );
  } catch (error) {
    if (isInterrupted(error)) return null;
    throw error;
  }
}

/** The run's result; where there is none, a report of what is finished of it. */
async function trainOrReport(context: RunContext): Promise<RunResult> {
  try {
    return await trainAll(context);
  } catch (error) {
    if (isDivergence(error) || isHookFault(error)) await reportPart(context.folder).catch(() => undefined);
    throw error;
  }
}

const isHookFault = (error: unknown): boolean => isAncError(error) && error.code === 'ANC_HOOK';

async function trainAll(context: RunContext): Promise<RunResult> {
  const { plan, folder, emit } = context;
  const count = plan.students.length + 1;
  const about = taskEntry(plan.task.description);
  emit({ type: 'model', model: 'teacher', role: 'teacher', index: 1, count, ...about });
  const trained =
    'given' in plan.teacher
      ? null
      : await together(context.ranks, () =>
          trainOrRead<ModelResult>(context, plan.teacher as PlannedModel, 'teacher', null, noPredictions),
        );
  const frozen = await frozenTeacher(plan, folder);
  try {
    const teacherVariables = frozen.frozen?.variables ?? null;
    return await trainStudents({ ...context, teacherVariables }, frozen, trained, count);
  } finally {
    if (!('given' in plan.teacher)) await frozen.dispose(); // else it belongs to the plan
  }
}

/**
 * The run's result, when its students are trained to imitate the frozen teacher. `trained`: the teacher's result; null
 * where it is given.
 */
async function trainStudents(
  context: RunContext,
  frozen: Teacher,
  trained: ModelResult | null,
  count: number,
): Promise<RunResult> {
  const { plan, folder, shown, emit, signal, shared = {} } = context;
  const { options, data, backends } = plan;
  const notice = (message: string): void => emit({ type: 'notice', message });
  const { task, data: taskData, description } = plan.task;
  const batchSize = microBatchOf(options.training);
  const evaluation = { task, taskData, batchSize, emit, signal, ranks: context.ranks };
  const predictionsFor = (split: DatasetSplit, what: string): Promise<SplitPredictions> =>
    teacherPredictions(frozen, shared, split, what, evaluation);
  const onTest = await predictionsFor(data.test, 'test images');
  const predictions = {
    test: onTest,
    held: data.held === null ? null : (await predictionsFor(data.held, 'held-out images')).predictions,
  };
  const order = 'given' in plan.teacher ? await orderWarningOf(plan, onTest) : null;
  if (order !== null) notice(order);
  const teacher = trained ?? (await givenResult(context, plan.teacher as GivenTeacher, onTest));
  await writeData(folder, plan);
  const outputs = openTeacherCache(plan, frozen, shared, notice, context.ranks?.ranks);
  try {
    const students: StudentResult[] = [];
    const finished: PlannedModel[] = [];
    const diverged: DivergedStudent[] = [];
    const notTrained: string[] = [];
    let stopped = stopOf('teacher', teacher);
    for (const [i, model] of plan.students.entries()) {
      if (stopped !== null) {
        notTrained.push(model.name);
        continue;
      }
      const place = { index: i + 2, count };
      emit({ type: 'model', model: model.name, role: 'student', ...place, ...taskEntry(description) });
      const teacherOutputs = model.needsTeacher ? outputs : null;
      const before = outputs.counts;
      try {
        students.push(
          await together(context.ranks, () =>
            trainOrRead<StudentResult>(context, model, 'student', teacherOutputs, predictions),
          ),
        );
        finished.push(model);
        stopped = stopOf(model.name, students.at(-1)!);
      } catch (error) {
        if (!isDivergence(error)) throw error;
        notice(`${model.name}: ${error.message}`);
        diverged.push(await divergedStudent(folder, model, error.message));
      }
      const report = teacherCacheReport(outputs.counts, before);
      if (report !== null) emit({ type: 'message', message: report });
    }
    const interpreted = students.map((result, i) => ({ result, ...interpretedMethodOf(finished[i]!) }));
    const classes = data.dataset.classes.length;
    const budget = budgetResult(options.student, plan.students[0]?.network);
    const interpretation = [
      ...(order === null ? [] : [order]),
      ...(budget === null ? [] : [budgetInWords(options.student, budget)]),
      ...(await changesInWords(folder)),
      ...stoppedInWords('teacher', teacher),
      ...students.flatMap((student) => stoppedInWords(student.name, student)),
      ...(stopped === null ? [] : stoppedRunInWords({ stopped, notTrained })),
      ...students.flatMap((student, i) => shortTimeInWords(student, shortestEpoch(plan, finished[i]!))),
      ...diverged.map(divergenceInWords),
      ...interpret(interpreted, description, data.test.images.count),
      ...students.flatMap((student) => chanceInWords(student, classes)),
      ...students.flatMap(averageInWords),
      ...closingWarnings(plan),
    ];
    const result: RunResult = {
      run: shown,
      dataset: options.data.dataset.name,
      backend: backends.student.name,
      seed: options.training.seed,
      teacher,
      students,
      ...taskEntry(description),
      classes,
      ...(options.student.continues === undefined ? {} : { parent: options.student.continues }),
      ...(budget === null ? {} : { budget }),
      ...(plan.inspection === null ? {} : { teacherCheck: plan.inspection }),
      ...(diverged.length === 0 ? {} : { diverged }),
      ...(stopped === null ? {} : { stopped, notTrained }),
      interpretation,
      reading: interpretation,
    };
    if (isFirst(context.ranks)) {
      await writeLatency(folder, plan, frozen, finished, shared).catch((error: unknown) =>
        notice(`the latency was not measured: ${(error as Error).message}`),
      );
    }
    await folder.writeResult(encodeNumbers(result));
    await outputs.close();
    if (isFirst(context.ranks))
      await reportOrNotice(() => writeReport(folder, reported(result)), shown, notice);
    return result;
  } catch (error) {
    await outputs.close().catch(() => undefined); // this error is the one to report
    throw error;
  }
}

/** Steps of an epoch of a student; of stages with epochs of different lengths, the fewest. */
const shortestEpoch = ({ options, data }: Plan, { stages }: PlannedModel): number =>
  Math.min(
    ...stages
      .filter(({ share = 1 }) => share > 0)
      .map((stage) => epochOf(stage, { ...options.training, data })),
  );

/** What stopped the run with a model, null where nothing did. */
const stopOf = (model: string, { stopped }: ModelResult): RunResult['stopped'] | null =>
  stopped?.stop === 'run' ? { ...stopped, model } : null;

/** Whether a given teacher's classes are probably in another order than the labels; before anything is trained. */
async function orderWarningOf(
  { data, classNames }: Plan,
  { predictions }: SplitPredictions,
): Promise<string | null> {
  if (data.test.labels === null || !(predictions instanceof Int32Array)) return null;
  return classOrderWarning(predictions, await data.test.labels(), { classNames }, data.dataset);
}

const interpretedMethodOf = ({ method, options, stages }: PlannedModel): InterpretedMethod => ({
  method: method.name,
  options: (options ?? {}) as Record<string, unknown>,
  usesLabels: stages.some(({ usesLabels }) => usesLabels),
});
