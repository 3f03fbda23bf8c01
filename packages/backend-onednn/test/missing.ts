import { isAncError } from '@anc/core';
import { OnednnBackend, type OnednnOptions } from '../src/index.js';

/** Why the backend cannot be opened here, for the names of tests that are left out; null where it can. */
export async function whyMissing(options: Partial<OnednnOptions> = {}): Promise<string | null> {
  try {
    await (await OnednnBackend.create(options)).dispose();
    return null;
  } catch (error) {
    if (isAncError(error)) return ` (${error.message})`;
    throw error;
  }
}
