import { defineConfig } from 'vitest/config';

/** Tests run on sources: packages resolve each other through the `@anc/source` export condition. */
export default defineConfig({
  resolve: { conditions: ['@anc/source'] },
  ssr: { resolve: { conditions: ['@anc/source'] } },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts'],
    testTimeout: 60_000,
  },
});
