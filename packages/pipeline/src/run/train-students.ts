import type { DatasetSplit, Teacher } from '@anc/core';
import { taskEntry, type SplitPredictions } from '@anc/core/internal';
import type { TeacherCache } from '@anc/runtime';
import { classOrderWarning } from '../classifier/class-order.js';
import type { DivergedStudent, ModelResult, RunResult, StudentResult } from '../events/documents.js';
import { microBatchOf } from '../options/micro-batch.js';
import type { GivenTeacher } from '../planning/given-teacher.js';
import type { Plan, PlannedModel } from '../planning/plan.js';
import { isDivergence } from '../training/divergence.js';
import {
  frozenTeacher,
  openTeacherCache,
  teacherCacheReport,
  teacherPredictions,
} from '../training/teacher-cache.js';
import { divergedStudent } from './diverged-student.js';
import type { RunContext } from './execution.js';
import { givenResult, noPredictions, trainOrRead, type TeacherPredictions } from './model-result.js';
import { together } from './ranks.js';

/** The result of the teacher that is trained in the run; null where it is given. */
export async function trainedTeacher(context: RunContext): Promise<ModelResult | null> {
  const { plan, emit, ranks } = context;
  const about = taskEntry(plan.task.description);
  const count = namesIn(context).length + 1;
  emit({ type: 'model', model: 'teacher', role: 'teacher', index: 1, count, ...about });
  const { teacher } = plan;
  if ('given' in teacher) return null;
  return together(ranks, () => trainOrRead<ModelResult>(context, teacher, 'teacher', null, noPredictions));
}

/** Names of all students of the run, in order. */
const namesIn = ({ plan, among }: RunContext): readonly string[] =>
  among ?? plan.students.map(({ name }) => name);

/** The frozen teacher, and what it says of the images that models are evaluated on and trained with. */
export interface OpenedTeacher {
  readonly frozen: Teacher;
  readonly teacher: ModelResult;
  readonly predictions: TeacherPredictions & { readonly test: SplitPredictions };
  /** Its cached outputs. */
  readonly outputs: TeacherCache;
  /** That its classes are probably in another order than the labels; null where they are not. */
  readonly order: string | null;
}

/** Does work for which the teacher is frozen. `trained`: its result; null where it is given. */
export async function withTeacher<R>(
  context: RunContext,
  trained: ModelResult | null,
  work: (context: RunContext, opened: OpenedTeacher) => Promise<R>,
): Promise<R> {
  const { plan, folder, emit, signal, ranks, shared = {} } = context;
  const { options, data } = plan;
  const notice = (message: string): void => emit({ type: 'notice', message });
  const { task, data: taskData } = plan.task;
  const evaluation = { task, taskData, batchSize: microBatchOf(options.training), emit, signal, ranks };
  const frozen = await frozenTeacher(plan, folder);
  try {
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
    const outputs = openTeacherCache(plan, frozen, shared, notice, ranks?.ranks);
    try {
      const inner = { ...context, teacherVariables: frozen.frozen?.variables ?? null };
      const result = await work(inner, { frozen, teacher, predictions, outputs, order });
      await outputs.close();
      return result;
    } catch (error) {
      await outputs.close().catch(() => undefined); // this error is the one to report
      throw error;
    }
  } finally {
    if (!('given' in plan.teacher)) await frozen.dispose(); // else it belongs to the plan
  }
}

/** The students of a plan when each of them was trained, or was not. */
export interface TrainedStudents {
  readonly students: readonly StudentResult[];
  /** The models of these results. */
  readonly finished: readonly PlannedModel[];
  readonly diverged: readonly DivergedStudent[];
  /** What ended the run with a model, null where nothing did, and the names of those after it. */
  readonly stopped: NonNullable<RunResult['stopped']> | null;
  readonly notTrained: readonly string[];
}

/** Trains the planned students, one after the other; results of an earlier process are read. */
export async function trainEach(
  context: RunContext,
  { teacher, predictions, outputs }: OpenedTeacher,
): Promise<TrainedStudents> {
  const { plan, folder, emit } = context;
  const about = taskEntry(plan.task.description);
  const names = namesIn(context);
  const students: StudentResult[] = [];
  const finished: PlannedModel[] = [];
  const diverged: DivergedStudent[] = [];
  const notTrained: string[] = [];
  let stopped = stopOf('teacher', teacher);
  for (const model of plan.students) {
    if (stopped !== null) {
      notTrained.push(model.name);
      continue;
    }
    const known = context.diverged?.get(model.name);
    if (known !== undefined) {
      diverged.push(known);
      continue;
    }
    const place = { index: names.indexOf(model.name) + 2, count: names.length + 1 };
    emit({ type: 'model', model: model.name, role: 'student', ...place, ...about });
    const teacherOutputs = model.needsTeacher ? outputs : null;
    const before = outputs.counts;
    try {
      const student = await together(context.ranks, () =>
        trainOrRead<StudentResult>(context, model, 'student', teacherOutputs, predictions),
      );
      students.push(student);
      finished.push(model);
      stopped = stopOf(model.name, students.at(-1)!);
    } catch (error) {
      if (!isDivergence(error)) throw error;
      emit({ type: 'notice', message: `${model.name}: ${error.message}` });
      diverged.push(await divergedStudent(folder, model, error.message));
    }
    const report = teacherCacheReport(outputs.counts, before);
    if (report !== null) emit({ type: 'message', message: report });
  }
  return { students, finished, diverged, stopped: stopped ?? null, notTrained };
}

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
