export {
  addedHardWeight,
  commonSchema,
  dataWeightOptions,
  formerOptimizerName,
  optimizerOption,
} from './common-options.js';
export {
  currentOptions,
  deprecatedContribution,
  deprecatedOptions,
  withDeprecatedNames,
  type DeprecatedNames,
  type OptionsSchema,
} from './deprecated.js';
export { optionalPart, optionalPartList, part, type NamedPart } from './named-part.js';
