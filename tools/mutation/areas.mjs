/**
 * What is mutated, and the tests that must notice: those beside the source. Paths from the repository's root.
 *
 * `sharesModules`: test files run in one thread, where modules are loaded once, which saves most of the time. Not with
 * modules of Node that several files replace.
 *
 * @typedef {{ mutate: string[], tests: string[], sharesModules?: true }} Area
 * @type {Record<string, Area>}
 */
export const AREAS = {
  losses: {
    mutate: ['packages/core/src/losses/*.ts'],
    tests: ['packages/core/src/losses/*.test.ts'],
    sharesModules: true,
  },
  step: {
    mutate: ['packages/core/src/step/*.ts'],
    tests: ['packages/core/src/step/*.test.ts'],
    sharesModules: true,
  },
  optimizers: {
    mutate: ['packages/core/src/optimizers/*.ts'],
    tests: ['packages/core/src/optimizers/*.test.ts'],
    sharesModules: true,
  },
  checkpoint: {
    mutate: [
      'packages/runtime/src/checkpoint/*.ts',
      'packages/runtime/src/run-folder/{atomic-write,checksums,damage}.ts',
      'packages/core/src/train/position.ts',
    ],
    tests: [
      'packages/runtime/src/checkpoint/*.test.ts',
      'packages/runtime/src/run-folder/{atomic-write,checksums,damage}.test.ts',
      'packages/core/src/train/position.test.ts',
    ],
  },
};
