/** Texts for people: loads nothing else. Not part of the stable interface, as `@anc/core/internal`. */
export { shellQuoted } from './shell-quoted.js';
