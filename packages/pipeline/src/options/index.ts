/** The options of a run as data: what flags, configuration files and help are made from. Loads no other package of ours, but `@anc/core/text`. */
export {
  formatCount,
  formatKappa,
  formatLarge,
  formatMetric,
  formatRate,
  formatSeconds,
  formatShare,
} from '../text/format.js';
export { describeNamed, NAMED_FORM, readNamed, splitTopLevel, type Named } from '../text/named.js';
export { readRegularFile } from '../disk/regular-file.js';
export { readYaml } from '../text/read-yaml.js';
export { suggestion } from '../text/nearest.js';
export { shellQuoted } from '@anc/core/text';
export { shownPath } from '../text/shown-path.js';
export type { FlagKind } from './declare.js';
export {
  DEPRECATED_KEYS,
  flattenOptions,
  groupOptions,
  optionAt,
  optionByKey,
  optionTable,
  type OptionEntry,
} from './option-table.js';
