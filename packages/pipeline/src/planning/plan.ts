import { calibrateTeacher } from '../classifier/calibrate-teacher.js';
import type { Dataset } from '@anc/core';
import { originOf, rehearse } from '@anc/core/internal';
import { blaming } from '../composition/plugin-fault.js';
import { createAugmentations, namedAugmentations } from '../data/augmentations.js';
import { noticesOf } from '../data/dataset-facts.js';
import { openDataset } from '../data/open-dataset.js';
import {
  openData,
  openTrainingData,
  type BatchOptions,
  type RunData,
  type TrainingData,
} from '../data/training-data.js';
import { isGiven } from '../options/given-model.js';
import { aboutOption } from '../options/option-error.js';
import { microBatchOf } from '../options/micro-batch.js';
import type { DataOptions, RunOptions } from '../options/run-options.js';
import { studentNames } from '../options/student-names.js';
import { assertTaskOutputs } from '../tasks/assert-task.js';
import { taskOfDataset } from '../tasks/opened-task.js';
import type { Named } from '../text/named.js';
import { assertSeveralClasses, assertTasks } from './assert-suited.js';
import { checkBudget, checkOptions } from './check-options.js';
import { checkScopes } from './check-scopes.js';
import { createMethod } from './create-method.js';
import { openGivenTeacher, relabeledFor, type GivenTeacher } from './given-teacher.js';
import type { MethodDefaults } from './method-options.js';
import { checkHeldOut, planHooks } from './plan-hooks.js';
import { mixingNotice } from './mixing-notice.js';
import { asNormalizedBy } from './onnx-student.js';
import {
  backendNotices,
  disposeBackends,
  openBackends,
  openBackendsDuring,
  withChosenBackends,
} from './open-backends.js';
import { planTeacher, rehearsedSteps, studentPlanner, type PlannedModel } from './plan-model.js';
import type { Plan, Planner, PlanRequest } from './planned.js';
import { planNetwork } from './plan-network.js';
import { planningSignal } from './planning-signal.js';
import { programCode } from './program-code.js';
import { teacherEnvironment } from './teacher-environment.js';
import { inspectionInWords, inspectionWarnings, inspectTeacher } from './inspect-teacher.js';
import { startOf } from './started-network.js';
import { sizeWarnings } from './network-size.js';
import { withAdapters } from './suited-adapters.js';
import { suitedTo, withSuitedDataset, withSuitedStudent } from './suited-options.js';
import { withSuitedTraining } from './suited-training.js';
import { targetsNotice } from './targets-notice.js';
import { unusedOptions } from './unused-options.js';
import { teacherBackend } from './teacher-backend.js';
import { withTransfer } from './with-transfer.js';

export type { PlannedModel } from './plan-model.js';
export type { Plan, Planner, PlanRequest, TrainingPlan } from './planned.js';

/** Plans a run. Throws an AncError on anything unknown, impossible or missing. */
export const planRun: Planner<RunData> = async (request) => planWith(openData, await named(request));

/** The same without test images, which are not opened. */
export const planTraining: Planner<TrainingData> = async (request) =>
  planWith(openTrainingData, await named(request));

/** The request with the names of all options of its augmentations. */
async function named(request: PlanRequest): Promise<PlanRequest> {
  const { options, composition } = request;
  return { ...request, options: { ...options, data: await namedAugmentations(options.data, composition) } };
}

/** Plans in the order of cost: options first, then headers of files, networks, images and steps. */
async function planWith<D extends TrainingData>(
  open: (dataset: Dataset, options: DataOptions, batches: BatchOptions) => Promise<D>,
  request: PlanRequest,
): Promise<Plan<D>> {
  const { composition, given: set, fetching = {}, openTeacher, rankGroup } = request;
  const { registries } = composition;
  const isGivenTeacher = openTeacher !== undefined || isGiven(request.options.teacher.model);
  await checkOptions(request.options, composition, isGivenTeacher); // first: it costs nothing
  if (set.length > 0) checkBudget(request.options.student); // a record's budget was met
  const hooks = await planHooks(request.options.hooks ?? [], composition, request.options.output.reportTo);
  const notices: string[] = [];
  const notice = (text: string): void => {
    if (!notices.includes(text)) notices.push(text); // several students may share a part
  };
  const sized = await withSuitedDataset(request, notice);
  const { compute, teacher: teacherOptions } = sized;
  const aboutMethod = <T>(index: number, work: () => T | Promise<T>): Promise<T> =>
    aboutOption(['methods', index], work);
  let frozen: readonly string[] = []; // known when the student is
  const create = (method: Named, { training, objective }: MethodDefaults) =>
    createMethod(method, { training, objective, frozen }, composition);
  const createAll = (options: RunOptions) =>
    Promise.all(options.methods.map((named, i) => aboutMethod(i, () => create(named, options))));
  const requested = await createAll(sized);
  const ofTeacher = teacherBackend({ compute, teacher: teacherOptions }, composition);
  const ofStudent = sized.student.backend;
  const { backends, done } = await openBackendsDuring(
    [compute.backend, ofTeacher, ofStudent],
    () => openBackends(compute, ofTeacher, ofStudent, composition),
    async () => {
      const measured = await aboutOption(['data', 'dataset'], () =>
        openDataset(
          sized.data.dataset,
          composition,
          { dataDir: sized.data.directory, seed: sized.data.seed ?? sized.training.seed },
          fetching,
        ),
      );
      const files = await withTransfer(measured, sized, composition, fetching);
      notices.push(...noticesOf(files));
      const timed = await withSuitedTraining(sized, set, files, notice);
      const unused = unusedOptions(timed, set, composition);
      assertTasks(sized, isGivenTeacher, files, composition);
      return { files, timed, unused };
    },
  );
  const { files, timed, unused } = done;
  const { data: dataOptions, training } = timed;
  let given: GivenTeacher | null = null;
  const dispose = async (): Promise<void> => {
    await given?.given.dispose();
    await disposeBackends(backends);
  };
  const planning = planningSignal(fetching.signal);
  try {
    if (isGivenTeacher) {
      const expected = await taskOfDataset(files, composition);
      given = await aboutOption(['teacher', 'model'], () =>
        openTeacher === undefined
          ? openGivenTeacher(teacherOptions, files, backends.teacher, composition, expected, planning.signal)
          : openTeacher(files, teacherOptions.model),
      );
      notices.push(...given.given.notices);
    }
    if (given === null) assertSeveralClasses(files);
    const dataset = given === null ? files : relabeledFor(given, files, notice);
    const environment = { input: dataset.shape, classes: dataset.classes.length };
    const task = await taskOfDataset(dataset, composition);
    if (given !== null)
      assertTaskOutputs(`the teacher ${given.given.model}`, given.given.teacher.outputs, task);
    const augmentation = await createAugmentations(dataOptions, dataset.shape, composition);
    const options = await withSuitedStudent(request, timed, {
      teacher: given,
      environment,
      backend: backends.student,
      notice,
    });
    const studentOptions = options.student;
    const createModel = (key: 'teacher' | 'student') =>
      aboutOption([key, 'model'], () => registries.models.create(options[key].model, environment));
    const teacherModel = given === null ? await createModel('teacher') : null;
    const start = await startOf(await createModel('student'), studentOptions, dataset.shape, notice);
    const studentModel = start.network;
    frozen = start.frozen;
    for (const model of [teacherModel, studentModel]) {
      if (model !== null) blaming(originOf('model', model), () => model.summary(dataset.shape)); // before any file is read
    }
    const { batchSize, seed } = training;
    const data = asNormalizedBy(
      studentModel,
      await open(dataset, dataOptions, {
        batchSize,
        seed,
        augmentation,
        repeats: training.stepsPerEpoch !== undefined,
        normalization: given?.given.normalization ?? null,
      }),
    );
    if (given !== null) await calibrateTeacher(given.given.teacher, backends.teacher, data.train.images);
    checkHeldOut(hooks, data.held !== null);
    if (data.ownValidation && set.some((path) => path.join('.') === 'data.validation'))
      notice('the dataset has validation images of its own, so --validation has no effect.');
    const suited = suitedTo(options, given, data, requested, notice);
    const created = suited === options && frozen.length === 0 ? requested : await createAll(suited);
    const inspection =
      given === null || !task.description.perImage || data.train.images.count === 0
        ? null // of one prediction per image alone
        : await inspectTeacher(
            given,
            data,
            microBatchOf(training),
            training.seed,
            dataOptions.transferDataset !== undefined,
          );
    if (inspection !== null) {
      if (set.length > 0) notice(inspectionInWords(inspection, dataset.classes)); // a record had it
      notices.push(...inspectionWarnings(inspection));
    }
    const { hasOwnParts } = composition;
    const plain = await planNetwork(
      studentOptions.model,
      studentModel,
      data,
      backends.student,
      task,
      hasOwnParts(),
    );
    checkScopes(options.training, plain.initial.params);
    const networks = { input: dataset.shape, classes: environment.classes, task: task.task };
    let teacher =
      given ?? (await planTeacher(teacherModel!, data, backends.teacher, task, options, composition));
    const { environment: ofTeacher, variables: teacherVariables } = teacherEnvironment(teacher);
    const rehearsed = rehearsedSteps(training, rankGroup);
    const stage = { backend: backends.student, ...rehearsed, shape: dataset.shape };
    if (!('given' in teacher)) {
      const { stages, rng } = teacher;
      const own = hasOwnParts();
      const finite = own ? { rng, origin: 'the training of the teacher' } : undefined;
      const prepare = await rehearse({
        ...stage,
        stages,
        teacherOutputs: null,
        finite,
        repeats: own,
        ...(!own && programCode()),
      });
      teacher = { ...teacher, prepare };
    }
    const studentOf = studentPlanner({
      model: studentOptions.model,
      studentModel,
      plain,
      data,
      backend: backends.student,
      batchSize,
      rank: rankGroup,
      rehearsed,
      networks,
      task,
      teacher: ofTeacher,
      teacherVariables,
      optimizers: composition.optimizers,
      hasOwnParts,
      notice,
    });
    const { options: final, methods } = await withAdapters(
      { options: suited, methods: created },
      create,
      ({ made }) =>
        made.stages({
          ...networks,
          student: made.network(studentModel),
          studentOutputs: plain.outputs,
          teacher: made.needsTeacher ? ofTeacher : null,
          batchSize,
          normalization: data.normalization,
          optimizers: composition.optimizers,
        }),
      notice,
    );
    const names = studentNames(final.methods);
    const students: PlannedModel[] = [];
    for (const [i, method] of methods.entries()) {
      if (request.only?.includes(names[i]!) === false) continue;
      students.push(await aboutMethod(i, () => studentOf(names[i]!, method, training)));
    }
    notices.push(...sizeWarnings(students, teacher));
    const learnsTargets = given === null || methods.some(({ made }) => made.labels === 'required');
    notices.push(
      ...[
        targetsNotice(learnsTargets, task, data.augmentation.id),
        mixingNotice(data.augmentation.mixing, students),
      ].filter((text) => text !== null),
    );
    return {
      options: withChosenBackends(final, backends),
      data,
      task,
      students,
      hooks,
      plugins: await composition.records(),
      backends,
      classNames: given === null ? dataset.classes : given.given.classNames,
      notices: [...backendNotices(backends), ...notices],
      unused,
      teacher,
      inspection,
      another: async (name, method, defaults) =>
        studentOf(name, await create(method, defaults), defaults.training),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  } finally {
    planning.end();
  }
}
