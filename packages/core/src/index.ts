/**
 * The public contract: what plugins implement, what they compose networks and objectives from, and the training loop.
 * Everything that only this repository's own packages use is in `@anc/core/internal`, which can change at any time.
 */

// Plugins
export { contribution, type ContributionDetails, type ContributionOf } from './contracts/contribution.js';
export { definePlugin, PLUGIN_API_VERSION } from './contracts/plugin.js';
export type {
  AugmentationEnvironment,
  Contribution,
  Contributions,
  DatasetContribution,
  DatasetEnvironment,
  ModelContribution,
  ModelEnvironment,
  Parts,
  Plugin,
  PluginDefinition,
} from './contracts/plugin.js';
export { AncError, isAncError, type AncErrorDetail } from './errors/error.js';
export type { Json } from './json/json.js';

// Networks: students, discriminators, and the layers that they are made of
export { Discriminator, Generator, Student } from './contracts/network.js';
export type {
  Applied,
  BatchNormInput,
  BatchRanks,
  ClassifierOutputs,
  Context,
  DiscriminatorOutputs,
  GeneratorOutputs,
  LayerSummary,
  Network,
  Variables,
} from './contracts/network.js';
export { batchNorm, type BatchNormOptions } from './layers/batch-norm.js';
export { LayeredClassifier, LayeredNetwork } from './layers/classifier.js';
export { conv2d, type Conv2dOptions } from './layers/conv2d.js';
export { dense, type DenseOptions } from './layers/dense.js';
export { depthwiseConv2d, type DepthwiseConv2dOptions } from './layers/depthwise-conv2d.js';
export { flatten, relu, relu6 } from './layers/elementwise.js';
export { glorotNormal, glorotUniform, heNormal, type Initializer } from './layers/init/initializers.js';
export { modelInputError, operandOf, stateless, type Layer, type LayerApplied } from './layers/layer.js';
export { normalizedNetwork } from './layers/normalized-network.js';
export { padChannels } from './layers/pad-channels.js';
export { padImage } from './layers/pad-image.js';
export { avgPool, globalAveragePool, maxPool, type PoolOptions } from './layers/pool.js';
export { residual, type ResidualParts } from './layers/residual.js';
export { sequential } from './layers/sequential.js';
export { tap } from './layers/tap.js';
export type { Padding } from './layers/window.js';

// The objective: data terms, adversarial losses, regularizers and balancers, and what they compute with
export { Regularizer } from './contracts/objective.js';
export type {
  AdversarialLoss,
  AdversarialLossContext,
  Balancer,
  DataTerm,
  DataTermContext,
  GradientNorms,
  ObjectiveContext,
  RegularizerContext,
} from './contracts/objective.js';
export type {
  Discrepancy,
  GeneratorEnvironment,
  GeneratorTerm,
  GeneratorTermContext,
  ReplayMemory,
} from './contracts/generation.js';
export {
  binaryCrossEntropy,
  softmaxCrossEntropy,
  squaredDistance,
  temperatureKl,
  type Reduction,
} from './losses/losses.js';
export { gradientAt, stopGradient, valueAndGradients } from './autodiff/autodiff.js';
export type { Differentiated, ValueAndGradients } from './autodiff/autodiff.js';

// Methods: stages of steps, and the optimizers that they update with
export { Method } from './contracts/method.js';
export type {
  LabelUse,
  MethodEnvironment,
  Progress,
  Stage,
  StepPlan,
  TeacherEnvironment,
} from './contracts/method.js';
export type { Phase, PhaseGradients, Step, StepSpec } from './contracts/step.js';
export {
  adversarialPhases,
  adversarialStep,
  type AdversarialSetup,
  type DropoutPosition,
} from './step/adversarial-step.js';
export { adversarialAuxiliaryLayers, adversarialStudentPhase } from './step/adversarial-student-phase.js';
export type { AttachedDiscriminator, ConditionSource } from './step/attached-discriminator.js';
export { dataFreePhases, type DataFreeSetup } from './step/data-free-setup.js';
export { dataFreeStep } from './step/data-free-step.js';
export type { ShownRows } from './step/generated-images.js';
export { hardExampleStep, type HardExampleSetup } from './step/hard-example-step.js';
export {
  generatedImages,
  initDataFreeState,
  teacherEntries,
  type DataFreeShapes,
} from './step/data-free-state.js';
export { discriminatorPhase, type DiscriminatorPhaseOptions } from './step/discriminator-phase.js';
export { modelNames, modelStateOf, toStateEntries, type ModelState } from './step/model-state.js';
export { dataTermLoss } from './step/objective-context.js';
export { initRegularizerMemories } from './step/regularizer-memory.js';
export { applyOptimizer, studentPhase, trainableParams } from './step/student-phase.js';
export type {
  AuxiliaryLayer,
  GradientDiagnostics,
  LossContext,
  LossResult,
  StudentPhaseOptions,
} from './step/student-phase.js';
export { termStep, type Term, type TermStepOptions } from './step/terms.js';
export {
  createOptimizer,
  learningRateOf,
  optimizerConfigSchema,
  type OptimizerConfig,
} from './optimizers/optimizer-config.js';
export type {
  GradientTransform,
  LearningRateSchedule,
  OptimizerParts,
  SchedulePosition,
  TransformContext,
  Transformed,
} from './contracts/optimizer.js';
export { chain, masked, withSlots } from './optimizers/chain.js';
export type { NameMask } from './optimizers/name-mask.js';
export {
  addDecayedWeights,
  clipByGlobalNorm,
  elementwise,
  globalNorm,
  scaleByAdam,
  scaleByLearningRate,
  scaleByLocalRate,
  scaleByRms,
  scaleBySumOfSquares,
  scaleByTrustRatio,
  trace,
  type AdamScaling,
  type LarsScaling,
  type RmsScaling,
} from './optimizers/transforms.js';
export { adam, optimizerOf, sgd } from './optimizers/optimizer.js';
export type {
  AdamOptions,
  DecayScope,
  Optimizer,
  OptimizerOptions,
  SgdOptions,
  Updated,
  WeightDecay,
} from './optimizers/optimizer.js';
export { rateAt, scheduleOf, type Schedule } from './optimizers/schedule.js';

// Run hooks
export type {
  HookEnd,
  HookEpoch,
  HookModel,
  HookRun,
  HookStep,
  RunHook,
  StopRequest,
} from './contracts/hook.js';

// Tasks: what logits mean
export type {
  Agreement,
  ChanceAgreement,
  Measurement,
  Predictions,
  Task,
  TaskData,
  TaskMetric,
} from './contracts/task.js';
export { targetsOf, type TargetSource } from './contracts/targets.js';
export { classification } from './tasks/classification/classification.js';

// Data and teachers
export {
  isMixing,
  type Augmentation,
  type CropDistribution,
  type ImageAugmentation,
  type MixingAugmentation,
} from './contracts/augmentation.js';
export { Dataset } from './contracts/dataset.js';
export type {
  DatasetSplit,
  DecodedViews,
  FixedNormalization,
  ImageBatch,
  ImageSource,
  ImageViews,
  LabeledBatch,
  Normalization,
  PublishedFile,
  SplitName,
  WholeBatch,
} from './contracts/dataset.js';
export { Teacher, type FrozenNetwork, type TeacherOutputs } from './contracts/teacher.js';

// Backends
export { Backend } from './contracts/backend.js';
export type {
  Capabilities,
  CompiledFunction,
  CompiledStep,
  CompileOptions,
  DeviceState,
  Inputs,
  RehearsalOptions,
} from './contracts/backend.js';
export type { FunctionSpec, TensorFunction } from './contracts/step.js';
export { differentiableRankMean } from './autodiff/rank-mean.js';
export { EagerBackend, type EagerOptions } from './eager/eager-backend.js';
export { drawNoise, type Distribution, type NoiseRows, type NoiseSpec } from './random/noise.js';
export { noiseName, phasesOf, playPhases, type PlayedPhases } from './step/play-phases.js';

// Training, alone or as one of several ranks
export type { Collective } from './contracts/collective.js';
export type {
  BlockingExchange,
  Exchange,
  PhaseMeans,
  Rank,
  RankMeans,
  SynchronizedBatchNorm,
} from './contracts/exchange.js';
export { blockingExchangeByAllReduce, exchangeByAllReduce, type AllReduce } from './train/all-reduce.js';
export { train, type Horizon, type TrainOptions } from './train/train.js';
export type { Alarm } from './train/alarms.js';
export type { BatchSource } from './train/batches.js';
export type { RowRange } from './tree/rows.js';
export type { Diagnostics } from './train/diagnostics.js';
export type { TrainingEvent } from './train/events.js';
export type { MetricAccumulator } from './train/metric-accumulator.js';
export type { Position } from './train/position.js';

// Trees of named tensors, and random numbers
export {
  filled,
  mapTree,
  mergeTrees,
  namesOf,
  prefixTree,
  sizeOf,
  specOf,
  subtree,
  type DType,
  type HostTensor,
  type LeafSpec,
  type Tree,
} from './tree/tree.js';
export { Rng } from './random/rng.js';

// Names of earlier versions, for published plugins
export { recipeChangesSchema, recipeSchema } from './deprecated.js';
export type { Clock, LabelledBatch, Law, Move, Players, Recipe, RegularizerView } from './deprecated.js';
