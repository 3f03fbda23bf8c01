import { groupOptions } from '../src/options/option-table.js';
import { resolveOptions, type ResolvedOptions } from '../src/options/resolve.js';

/** Options given by key, as flags and configuration files give them. */
export const resolveFlat = (flat: Readonly<Record<string, unknown>>): ResolvedOptions =>
  resolveOptions(groupOptions(flat));
