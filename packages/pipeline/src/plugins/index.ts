/** What plugins provide, by kind and name. Loads of a plugin what it declares, and none of its libraries. */
export type { Composition } from '../composition/compose.js';
export { kindNames, KINDS, type Kind, type Registration } from '../composition/kinds.js';
export { listedOptions } from '../composition/listed-options.js';
export { blaming } from '../composition/plugin-fault.js';
export { loadComposition } from './load-composition.js';
