export { featureMatching } from './adversarial-losses/feature-matching.js';
export { hinge, labelInversion, leastSquares, saturating, wasserstein } from './adversarial-losses/losses.js';
export { relativistic, relativisticAverage } from './adversarial-losses/relativistic.js';
export { fixedBalancer, gradientNormBalancer } from './balancers/balancers.js';
export {
  dkdSchema,
  dkdTerm,
  klSchema,
  klTerm,
  l1Term,
  l2Schema,
  l2Term,
  standardizedTerm,
} from './data-terms/data-terms.js';
export { similarityTerm } from './data-terms/similarity.js';
export {
  AuxiliaryClassifierDiscriminator,
  ConvDiscriminator,
  MlpDiscriminator,
  ProjectionDiscriminator,
  SpectrallyNormalized,
} from './discriminators/index.js';
export { AdversarialMethod, adversarialSchema, type AdversarialOptions } from './methods/adversarial.js';
export { AttentionMethod, attentionSchema } from './methods/attention.js';
export { conditionalAdversarial, conditionalAdversarialSchema } from './methods/conditional-adversarial.js';
export { deadDiscriminator, frozenDiscriminator } from './methods/controls.js';
export {
  dataFreeControls,
  DataFreeMethod,
  dataFreeSchema,
  type DataFreeOptions,
} from './methods/data-free.js';
export {
  DistillationMethod,
  DistillationMethod as ImitationMethod, // its name in earlier versions
  dkdMethod,
  dkdMethodSchema,
  dropoutNoiseMethod,
  dropoutNoiseSchema,
  kdMethod,
  kdSchema,
  l2Method,
  l2MethodSchema,
  type DistillationOptions,
} from './methods/distillation.js';
export { FeatureMseMethod, featureMseSchema } from './methods/feature-mse.js';
export {
  FewImagesMethod,
  fewImagesSchema,
  ImagesAloneMethod,
  imagesAloneSchema,
  type FewImagesOptions,
  type ImagesAloneOptions,
} from './methods/few-images.js';
export {
  HardExamplesMethod,
  hardExamplesSchema,
  randomExamplesSchema,
  type HardExamplesOptions,
} from './methods/hard-examples.js';
export { FitNetsMethod, fitnetsSchema } from './methods/fitnets.js';
export { FspMethod, fspSchema } from './methods/fsp.js';
export { SupervisedMethod, supervisedSchema } from './methods/supervised.js';
export {
  currentOptions,
  deprecatedOptions,
  withDeprecatedNames,
  type DeprecatedNames,
  type OptionsSchema,
} from './options/index.js';
export {
  PAPER_RESNET_OPTIONS,
  presetFamilies,
  presetFor,
  type Preset,
  type PresetName,
} from './presets/index.js';
export {
  compactTensors,
  decodeCompact,
  isQuantized,
  quantized,
  QuantizedMethod,
  readCompactTensors,
  type QuantizedNetwork,
} from './quantize/index.js';
export { estimators, type Estimator } from './quantize/estimators.js';
export {
  AdversarialSamplesRegularizer,
  GradientPenaltyRegularizer,
  LeCamRegularizer,
  NoRegularizer,
  PerturbedGradientPenalty,
  WassersteinGradientPenalty,
  WeightNormRegularizer,
} from './regularizers/index.js';
export {
  attachDiscriminators,
  type AttachContext,
  type AttachedDiscriminatorOptions,
} from './methods/attached-discriminators.js';
export { part, type NamedPart } from './options/index.js';
export { initAdversarialState, initDiscriminator } from './stages/adversarial-state.js';
export {
  dataWeight,
  hardTerm,
  softAndHard,
  warmupShare,
  type DataWeightOptions,
} from './stages/data-weight.js';
export { generatorStage, type GeneratorOptions, type GeneratorVariant } from './stages/generator-stage.js';
export { initAuxiliaryLayers, initModel, initStudent, studentVariables } from './stages/initial-state.js';
export {
  learningRate,
  progressShare,
  termStage,
  termWeights,
  type TermStageOptions,
  type WeightedTerm,
} from './stages/term-stage.js';
export { dataTerm, hardLabels } from './terms/logits.js';
export { default } from './plugin.js';
