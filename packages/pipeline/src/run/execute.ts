import { isAncError } from '@anc/core';
import { encodeNumbers, taskEntry } from '@anc/core/internal';
import { writeReport } from '@anc/runtime';
import { budgetInWords, budgetResult } from '../budget/budget-result.js';
import { writeLatency } from '../analysis/latency.js';
import { writeData } from '../analysis/write-data.js';
import type { DivergedStudent, ModelResult, RunResult } from '../events/documents.js';
import type { Emit } from '../events/events.js';
import { isInterruption } from '../events/interrupted.js';
import { HookRunner } from '../hooks/hook-runner.js';
import { changesInWords } from '../files/recorded-options.js';
import { transferEntry } from '../data/transfer-dataset.js';
import { reportOrNotice } from '../files/report-or-notice.js';
import type { Plan, PlannedModel } from '../planning/plan.js';
import { isDivergence } from '../training/divergence.js';
import { epochOf } from '../training/stage-batches.js';
import { closingWarnings } from './closing-warnings.js';
import type { InterpretedMethod } from './control.js';
import { divergenceInWords } from './diverged-student.js';
import { hookRunOf, type Execution, type RunContext } from './execution.js';
import { averageInWords, chanceInWords, interpret, shortTimeInWords } from './interpretation.js';
import { nothingLearnedInWords } from './nothing-learned.js';
import { reportPart } from './part.js';
import { isFirst, onRank } from './ranks.js';
import { readDocument } from './read-document.js';
import { RunClock } from './run-clock.js';
import { reported } from './reported.js';
import { stoppedInWords, stoppedRunInWords } from './stopped.js';
import {
  trainEach,
  trainedTeacher,
  withTeacher,
  type OpenedTeacher,
  type TrainedStudents,
} from './train-students.js';

/**
 * Teacher, then students: each is trained, evaluated once on the test images and written. Models that an earlier process
 * finished are read. A student that diverged is named in the result, and the others are trained; a teacher that diverged
 * throws `ANC_DIVERGED`. Returns null where the signal was aborted.
 */
export const executeRun = ({ ranks, ...execution }: Execution): Promise<RunResult | null> =>
  inRun(ranks === undefined ? execution : onRank(execution, ranks), (context) => trainAll(context));

/** The teacher alone: trained, or evaluated where it is given. Returns null where the signal was aborted. */
export const executeTeacher = (execution: Execution): Promise<ModelResult | null> =>
  inRun(execution, async (context) =>
    'given' in context.plan.teacher
      ? withTeacher(context, null, (_, { teacher }) => Promise.resolve(teacher))
      : (await trainedTeacher(context))!,
  );

/**
 * The planned students alone, in a folder that has a trained teacher already. Returns those that diverged; null where the
 * signal was aborted.
 */
export function executeStudents(execution: Execution): Promise<readonly DivergedStudent[] | null> {
  const emit: Emit = (event) => {
    const isOfTeacher = event.type === 'result' && event.role === 'teacher'; // its own job reported it
    if (!isOfTeacher) execution.emit(event);
  };
  return inRun({ ...execution, emit }, async (context) => {
    const { plan, folder } = context;
    const trained =
      'given' in plan.teacher
        ? null
        : await folder.readDocument(['teacher', 'result.json'], (text) => readDocument<ModelResult>(text));
    return withTeacher(context, trained, async (inner, opened) => (await trainEach(inner, opened)).diverged);
  });
}

/** Does a run's work between its hooks. Returns null where the signal was aborted. */
async function inRun<R extends object>(
  execution: Execution,
  work: (context: RunContext) => Promise<R>,
): Promise<R | null> {
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
      () => reportingPart({ ...execution, hooks, ...(clock && { clock }) }, work),
      (error) => (isInterrupted(error) ? 'interrupted' : 'failed'),
    );
  } catch (error) {
    if (isInterrupted(error)) return null;
    throw error;
  }
}

/** What work on a run returns; where it fails, there is a report of what is finished of the run. */
async function reportingPart<R>(context: RunContext, work: (context: RunContext) => Promise<R>): Promise<R> {
  try {
    return await work(context);
  } catch (error) {
    if (isDivergence(error) || isHookFault(error)) await reportPart(context.folder).catch(() => undefined);
    throw error;
  }
}

const isHookFault = (error: unknown): boolean => isAncError(error) && error.code === 'ANC_HOOK';

async function trainAll(context: RunContext): Promise<RunResult> {
  const trained = await trainedTeacher(context);
  return withTeacher(context, trained, async (inner, opened) => {
    await writeData(context.folder, context.plan);
    return writeRun(inner, opened, await trainEach(inner, opened));
  });
}

/** Writes the result of a run and its report. */
async function writeRun(
  { plan, folder, shown, emit, shared = {}, ranks }: RunContext,
  { frozen, teacher, order }: OpenedTeacher,
  { students, finished, diverged, stopped, notTrained }: TrainedStudents,
): Promise<RunResult> {
  const { options, data, backends } = plan;
  const { description } = plan.task;
  const notice = (message: string): void => emit({ type: 'notice', message });
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
    ...students.flatMap(nothingLearnedInWords),
    ...students.flatMap(averageInWords),
    ...closingWarnings(plan),
  ];
  const result: RunResult = {
    run: shown,
    dataset: options.data.dataset.name,
    ...transferEntry(options.data),
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
  if (isFirst(ranks)) {
    await writeLatency(folder, plan, frozen, [...finished], shared).catch((error: unknown) =>
      notice(`the latency was not measured: ${(error as Error).message}`),
    );
  }
  await folder.writeResult(encodeNumbers(result));
  if (isFirst(ranks)) await reportOrNotice(() => writeReport(folder, reported(result)), shown, notice);
  return result;
}

/** Steps of an epoch of a student; of stages with epochs of different lengths, the fewest. */
const shortestEpoch = ({ options, data }: Plan, { stages }: PlannedModel): number =>
  Math.min(
    ...stages
      .filter(({ share = 1 }) => share > 0)
      .map((stage) => epochOf(stage, { ...options.training, data })),
  );

const interpretedMethodOf = ({ method, options, stages }: PlannedModel): InterpretedMethod => ({
  method: method.name,
  options: (options ?? {}) as Record<string, unknown>,
  usesLabels: stages.some(({ usesLabels }) => usesLabels),
});
