import { defineConfig } from 'vitest/config';

/** Real clusters, one after the other: they need root, and minutes the first time. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 3_600_000,
  },
});
