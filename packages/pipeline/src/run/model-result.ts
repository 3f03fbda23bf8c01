import { basename } from 'node:path';
import type { DatasetSplit, HostTensor, Predictions, TeacherOutputs, Tree, Variables } from '@anc/core';
import {
  encodeNumbers,
  metricFields,
  validationFields,
  withDeprecatedDiagnostics,
  type SplitPredictions,
  type TaskDescription,
} from '@anc/core/internal';
import { limitSplit } from '@anc/datasets';
import { isQuantized } from '@anc/methods';
import { CheckpointStore } from '@anc/runtime';
import { hasAnalysis, writeAnalysis } from '../analysis/write-analysis.js';
import { identitiesOf } from '../composition/provenance.js';
import type { AveragedResult, BestResult, ModelResult } from '../events/documents.js';
import type { ModelRole } from '../events/events.js';
import { Interrupted } from '../events/interrupted.js';
import { placeOf, verifyModel, verifyPart } from '../files/verify.js';
import { keepNetwork } from '../files/kept-network.js';
import { readWeights, WEIGHTS, writeWeights } from '../files/weights.js';
import { microBatchOf } from '../options/micro-batch.js';
import type { GivenTeacher } from '../planning/given-teacher.js';
import type { PlannedModel } from '../planning/plan.js';
import { isDivergence, recordDivergence } from '../training/divergence.js';
import { evaluatePredictions, predict, type TestEvaluation } from '../training/evaluate-model.js';
import { timedTraining } from './timed-training.js';
import { trainModel } from '../training/train-model.js';
import type { BestEpoch, HeldOut } from '../training/validation.js';
import { COMPACT, writeCompact } from './compact.js';
import { assertFiniteWeights } from './diverged-student.js';
import type { RunContext } from './execution.js';
import { writeSheet } from './generated-sheets.js';
import { modelCard, weightsMetadata } from './model-card.js';
import { readDocument } from './read-document.js';

/** A given teacher's result: nothing was trained, its predictions for the test images are evaluated. */
export async function givenResult(
  { plan, folder, emit }: RunContext,
  { given }: GivenTeacher,
  { metrics }: SplitPredictions,
): Promise<ModelResult> {
  const { model, parameters, flops, digest, bytes } = given;
  const result: ModelResult = {
    model: basename(model),
    ...metricFields(plan.task.description, metrics),
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
export interface TeacherPredictions {
  readonly test: SplitPredictions | null;
  readonly held: Predictions | null;
}

/** For the teacher itself. */
export const noPredictions: TeacherPredictions = { test: null, held: null };

/** Folder of the weights that did best on the held-out images. */
const BEST = 'best';
/** Folder of the averaged weights. */
const AVERAGED = 'ema';
/** File of the model card. */
const CARD = 'README.md';

/** Files that a finished model has beside its weights, its card and its result. */
const partsOf = ({ network }: PlannedModel, { best, ema }: ModelResult): readonly (readonly string[])[] => [
  ...(best === undefined ? [] : [[BEST, WEIGHTS]]),
  ...(ema === undefined ? [] : [[AVERAGED, WEIGHTS]]),
  ...(isQuantized(network.network) ? [[COMPACT]] : []),
];

/** A model's result: read where it exists, else the model is trained, evaluated and written, the result last. */
export async function trainOrRead<R extends ModelResult>(
  context: RunContext,
  model: PlannedModel,
  role: ModelRole,
  teacher: TeacherOutputs | null,
  predictions: TeacherPredictions,
): Promise<R> {
  const { plan, folder, emit, signal, hooks, continueStopped } = context;
  const { options, data, backends } = plan;
  const { task, data: taskData, description } = plan.task;
  const [primary] = description.metrics;
  const batchSize = microBatchOf(options.training);
  const place = placeOf(role === 'teacher' ? 'teacher' : model.name);
  const checkpoints = new CheckpointStore(folder.checkpointsOf(model.name));
  const evaluateOn = (split: DatasetSplit, what: string, reference: Predictions | null) => {
    const where = {
      backend: backends.student,
      task,
      taskData,
      batchSize,
      emit,
      signal,
      ranks: context.ranks,
    };
    return async (variables: Variables<HostTensor>): Promise<TestEvaluation> =>
      evaluatePredictions(await predict(model.network, variables, split, what, where), reference, task);
  };
  const before = await folder.readDocument([...place, 'result.json'], (text) => readDocument<R>(text));
  if (before !== null && !(before.stopped !== undefined && continueStopped === true)) {
    await verifyModel(folder, place);
    for (const part of partsOf(model, before)) await verifyPart(folder, [...place, ...part]);
    if ((await folder.read(...place, CARD)) === null)
      await folder.write([...place, CARD], modelCard(plan, model, before));
    const weights = await readWeights(folder, place, model.network.initial);
    assertFiniteWeights(folder, place, weights);
    if (predictions.test?.confidences !== undefined && !(await hasAnalysis(folder, place))) {
      const { predicted } = await evaluateOn(data.test, 'test images', predictions.test.predictions)(weights);
      await writeAnalysis(folder, place, plan, predicted, predictions.test);
    }
    // In case the process ended between writing the result and this; stopped training can go on from its checkpoint.
    if (before.stopped === undefined) await checkpoints.clear();
    emit({ type: 'result', model: model.name, role, result: before, trained: false });
    return before;
  }
  const metadata = weightsMetadata(plan, model);
  const { held } = data;
  const measureHeld = (split: DatasetSplit) => {
    const evaluate = evaluateOn(split, 'held-out images', predictions.held);
    return async (variables: Variables<HostTensor>): Promise<HeldOut> => {
      const { metrics, agreement } = await evaluate(variables);
      return { error: metrics?.[primary.name] ?? null, agreement: agreement?.agreement ?? null };
    };
  };
  /** How long the evaluations after the training will take, from two short ones. */
  const evaluationSeconds = async (): Promise<number> => {
    const variables = model.network.network.init(model.rng, data.dataset.shape);
    const times: number[] = [];
    for (const batches of [1, 5]) {
      const some = limitSplit(data.test, Math.min(data.test.images.count, batches * batchSize), 0);
      const start = performance.now();
      await evaluateOn(some, 'test images', null)(variables);
      times.push((performance.now() - start) / 1000);
    }
    const [one, five] = times as [number, number];
    const all = one + Math.max(0, (five - one) / 4) * Math.ceil(data.test.images.count / batchSize);
    return all * (1 + (held === null ? 0 : 1) + (options.training.ema === undefined ? 0 : 1));
  };
  await keepNetwork(folder, place, metadata, model.network.network.name);
  const trained = await trainModel(model, teacher, {
    folder,
    hooks,
    ...(continueStopped === undefined ? {} : { continueStopped }),
    data,
    backend: backends.student,
    batchSize: options.training.batchSize,
    stepsPerEpoch: options.training.stepsPerEpoch,
    teacherVariables: context.teacherVariables ?? null,
    accumulate: options.training.accumulate ?? 1,
    ranks: context.ranks,
    ...(options.training.batchNorm !== undefined && { batchNorm: options.training.batchNorm }),
    seed: model.seed,
    plugins: identitiesOf(plan.plugins),
    emit,
    signal,
    validation:
      held === null
        ? null
        : {
            by: model.stages.some(({ usesLabels }) => usesLabels) ? 'metric' : 'agreement',
            metric: primary,
            measure: measureHeld(held),
          },
    ...(options.output.checkpointMinutes === undefined
      ? {}
      : { checkpointMinutes: options.output.checkpointMinutes }),
    onGenerated: (images, progress) => writeSheet(folder, place, images, progress),
    keepBest: async (variables) => {
      await writeWeights(folder, [...place, BEST], variables, metadata);
    },
    timed: role === 'teacher' ? undefined : timedTraining(context, model, metadata, evaluationSeconds),
    hasBest: async () => (await folder.readBytes(...place, BEST, WEIGHTS)) !== null,
  });
  if (trained === null) throw new Interrupted();
  const onTest = evaluateOn(data.test, 'test images', predictions.test?.predictions ?? null);
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
  const { metrics, agreement, predicted } = await tested(trained.variables);
  const chance = agreement?.chance ?? null;
  const written = await writeWeights(folder, place, trained.variables, metadata);
  const where = { backend: backends.student, input: data.dataset.shape };
  const compact = await writeCompact(folder, place, model.network, trained.variables, metadata, where);
  const averagedResult = async (variables: Variables<HostTensor>): Promise<AveragedResult> => {
    const found = await tested(variables);
    const { weights } = await writeWeights(folder, [...place, AVERAGED], variables, metadata);
    return {
      decay: decayOf(model),
      ...metricFields({ name: description.name, metrics: [primary] }, found.metrics),
      ...(found.agreement === null ? {} : { agreement: found.agreement.agreement }),
      weights,
    };
  };
  const result = {
    ...(role === 'student' ? { method: model.method.name, name: model.name } : {}),
    model: model.network.model.name,
    ...metricFields(description, metrics),
    ...(agreement === null ? {} : { agreement: agreement.agreement }),
    ...(chance === null ? {} : { agreementBaseline: chance.baseline, kappa: chance.kappa }),
    ...(trained.held === null ? {} : validationFields(description, trained.held.error)),
    ...(trained.best === null
      ? {}
      : {
          best: bestResult(
            description,
            trained.best,
            await tested(await readWeights(folder, [...place, BEST], model.network.initial)),
          ),
        }),
    ...(trained.averaged === null ? {} : { ema: await averagedResult(trained.averaged) }),
    parameters: model.network.parameters,
    flops: model.network.flops,
    seconds: trained.seconds,
    ...(trained.timeBox === null ? {} : { timeBox: trained.timeBox }),
    ...(role === 'student' && trained.diagnostics !== null
      ? { diagnostics: withDeprecatedDiagnostics(trained.diagnostics) }
      : {}),
    ...(trained.stopped === null ? {} : { stopped: trained.stopped }),
    ...written,
    ...(compact === null ? {} : { bytes: compact }),
  } as ModelResult as R;
  if (predictions.test !== null) await writeAnalysis(folder, place, plan, predicted, predictions.test);
  const card = modelCard(plan, model, result, await lastMetrics(folder, model));
  await folder.write([...place, CARD], card);
  await folder.write([...place, 'result.json'], `${JSON.stringify(encodeNumbers(result), null, 2)}\n`);
  if (trained.stopped === null) await checkpoints.clear();
  await context.clock?.save();
  emit({ type: 'result', model: model.name, role, result, trained: true });
  return result;
}

/** The metrics of a model's last epoch. */
const lastMetrics = async (folder: RunContext['folder'], { name }: PlannedModel): Promise<Tree<number>> =>
  (await folder.metrics.read()).findLast(({ model, event }) => model === name && event === 'epoch')
    ?.metrics ?? {};

/** Decay rate of a model's average, where its method's options say it. */
const decayOf = ({ options }: PlannedModel): number | null =>
  (options as { optimizer?: { ema?: number } } | null)?.optimizer?.ema ?? null;

const bestResult = (
  { name, metrics: [primary] }: TaskDescription,
  best: BestEpoch,
  test: TestEvaluation,
): BestResult => {
  const task = { name, metrics: [primary] } as const;
  return {
    epoch: best.epoch + 1,
    ...validationFields(task, best.error),
    ...(best.agreement === null ? {} : { validationAgreement: best.agreement }),
    ...metricFields(task, test.metrics),
    ...(test.agreement === null ? {} : { agreement: test.agreement.agreement }),
  };
};
