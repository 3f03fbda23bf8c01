export { hinge, labelInversion, leastSquares, saturating, wasserstein } from './adversarial-losses/losses.js';
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
export { presetFamilies, presetFor, type Preset, type PresetName } from './presets/index.js';
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
  NoRegularizer,
  WeightNormRegularizer,
} from './regularizers/index.js';
export { termStage, type TermStageOptions, type WeightedTerm } from './stages/term-stage.js';
export { default } from './plugin.js';
