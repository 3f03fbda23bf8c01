import { resolveOptions, type ResolvedOptions } from '@anc/pipeline/internal';
import { located } from './locate.js';
import type { CommandRequest } from './read-request.js';

/** The options of a request, completed by their preset. Throws `ANC_CONFIG` with the place of what is wrong. */
export function resolveRequest({ input, origins }: CommandRequest): ResolvedOptions {
  try {
    return resolveOptions(input);
  } catch (error) {
    throw located(error, origins);
  }
}
