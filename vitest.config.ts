import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@anc/source'] },
  ssr: { resolve: { conditions: ['@anc/source'] } },
  test: {
    projects: ['packages/*'],
  },
});
