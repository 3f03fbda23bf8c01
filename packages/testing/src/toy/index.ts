export { localAllReduce } from './all-reduce.js';
export { toyBatches, type ToyBatchOptions } from './batches.js';
export { ToyDiscriminator } from './discriminator.js';
export { toyEnvironment, toyStudent, toyTeacher, type ToyTeacher } from './models.js';
export { inLockstep, type LockstepRank } from './lockstep.js';
export {
  convNetwork,
  denseNetwork,
  RESIDUAL_ZERO_GRADIENT,
  residualNetwork,
  separableNetwork,
  shrinkingNetwork,
  tappedNetwork,
  type ResidualNetworkOptions,
  type TappedNetworkOptions,
} from './networks.js';
export { averagingBalancer, klTerm, labelTerm, toyObjective, WeightNorms } from './objective.js';
export {
  toyFeatureTerm,
  ToyGradientPenalty,
  ToyHiddenDistance,
  ToyMemory,
  toyRelativistic,
} from './objective-components.js';
export { compileToyStep, runToySteps, toySpec, toyStateErrors, type ToyResult } from './run-steps.js';
export {
  toyAdversarialStep,
  toyLabelStep,
  type ToyAdversarialOptions,
  type ToyStep,
  type ToyStepOptions,
} from './steps.js';
export { trainToy, type TrainedToy, type TrainToyOptions } from './train-steps.js';
export { toyTask, type ToyTask } from './task.js';
