/** Names of earlier versions that published plugins import. They stay until the next `PLUGIN_API_VERSION`. */
export {
  optimizerConfigSchema as recipeSchema,
  optimizerOverridesSchema as recipeChangesSchema,
  type OptimizerConfig as Recipe,
} from './optimizers/optimizer-config.js';
export type { MethodEnvironment as Players, Progress as Clock, StepPlan as Move } from './contracts/method.js';
export type { Distribution as Law } from './random/noise.js';
export type { RegularizerContext as RegularizerView } from './contracts/objective.js';
export type { LabeledBatch as LabelledBatch } from './contracts/dataset.js';
