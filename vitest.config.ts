import { defineConfig } from 'vitest/config';

/** Where a machine-readable report goes besides the terminal's, if anywhere. */
const report = process.env.ANC_TEST_REPORT;

/** Tests run on sources: packages resolve each other through the `@anc/source` export condition. */
export default defineConfig({
  resolve: { conditions: ['@anc/source'] },
  ssr: { resolve: { conditions: ['@anc/source'] } },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts'],
    testTimeout: 60_000,
    env: { ANC_TRIAL_SECONDS: '0' }, // files that tests make are trusted: a trial takes a second or two
    maxWorkers: '100%', // else one core stays free, of two
    ...(report === undefined ? {} : { reporters: ['default', 'json'], outputFile: { json: report } }),
  },
});
