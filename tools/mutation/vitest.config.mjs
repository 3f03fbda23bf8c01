/** Vitest for Stryker: only the tests of the area that is mutated, on sources. */
import { defineConfig } from 'vitest/config';
import { AREAS } from './areas.mjs';
import { directImports } from './direct-imports.mjs';

const { tests, sharesModules = false } = AREAS[process.env.ANC_MUTATION_AREA];

export default defineConfig({
  plugins: [directImports],
  resolve: { conditions: ['@anc/source'] },
  ssr: { resolve: { conditions: ['@anc/source'] } },
  // Every mutant gets a thread of its own in either case.
  test: { include: tests, testTimeout: 60_000, isolate: !sharesModules },
});
