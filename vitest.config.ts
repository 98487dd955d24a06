import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/cluster/**'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});
