/** Vitest for Stryker: only the tests of the area that is mutated, on sources. */
import { defineConfig } from 'vitest/config';
import { AREAS } from './areas.mjs';

export default defineConfig({
  resolve: { conditions: ['@anc/source'] },
  ssr: { resolve: { conditions: ['@anc/source'] } },
  test: {
    include: AREAS[process.env.ANC_MUTATION_AREA].tests,
    testTimeout: 60_000,
    // Every mutant gets a thread of its own; within it, modules are loaded once for all test files: most of the time.
    isolate: false,
  },
});
