import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Where a machine-readable report goes besides the terminal's, if anywhere. */
const report = process.env.ANC_TEST_REPORT;

/** Where koffi is installed, an optional package, if not where packages find it. */
const koffi = process.env.ANC_TEST_KOFFI;

/** Tests that replace a module, of which the tests after them in the same process would see the replacement. */
const replacing = readdirSync('packages', { recursive: true, encoding: 'utf8' })
  .filter((path) => /^[^/\\]+[/\\](src|test)[/\\].*\.test\.ts$/.test(path))
  .map((path) => `packages/${path.replaceAll('\\', '/')}`)
  .filter((path) => readFileSync(path, 'utf8').includes('vi.mock('));

/** Tests run on sources: packages resolve each other through the `@anc/source` export condition. */
export default defineConfig({
  resolve: { conditions: ['@anc/source'], ...(koffi !== undefined && { alias: { koffi } }) },
  ssr: { resolve: { conditions: ['@anc/source'] } },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000, // some train a model before their tests
    env: {
      ANC_TRIAL_SECONDS: '0', // files that tests make are trusted: a trial takes a second or two
      ANC_CACHE_DIR: resolve('node_modules/.cache/anc'), // not the user's
    },
    maxWorkers: '100%', // else one core stays free, of two
    projects: [
      // Most of the time of a small test is importing: one process imports once for all of its files.
      {
        extends: true,
        test: {
          name: 'together',
          include: ['packages/*/{src,test}/**/*.test.ts'],
          exclude: replacing,
          isolate: false,
        },
      },
      { extends: true, test: { name: 'alone', include: replacing } },
    ],
    ...(report === undefined ? {} : { reporters: ['default', 'json'], outputFile: { json: report } }),
  },
});
