import { defineConfig } from 'vitest/config';
import { workers } from './test/workers.ts';

const setupFiles = ['test/node-version.ts', 'test/patient-waits.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,services}/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
          setupFiles,
          maxWorkers: workers,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{packages,services}/*/test/**/*.int.test.ts', 'test/**/*.e2e.test.ts'],
          globalSetup: ['test/infrastructure.ts'],
          setupFiles: [...setupFiles, 'test/own-redis.ts'],
          maxWorkers: workers,
          // A test that hangs fails by its waits; this is for what has none, on a machine that is ten times as slow as it should be.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Thousands of tests, real servers, two busy cores: once more, and the summary names what needed it.
          retry: process.env['CI'] === undefined ? 0 : 1,
        },
      },
    ],
  },
});
