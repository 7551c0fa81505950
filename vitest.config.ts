import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LIMIT } from './test/fuzz/runs.ts';

/**
 * Unit, fuzz and contract tests are fast and run side by side; end-to-end tests use real Vagrant, two files at a time. Attacks have a
 * process each.
 */
export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
      },
      {
        test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], testTimeout: LIMIT, hookTimeout: 60_000 },
      },
      {
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'attacks',
          include: ['test/attacks/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // by Node itself, so that a defence can be taken out of what is loaded, here and in what a test starts
          experimental: { viteModuleRunner: false },
          pool: 'forks',
          // most of their time they wait for Git and the disk
          maxWorkers: 3,
          execArgv: ['--import', join(import.meta.dirname, 'test/attacks/proof/hook.ts')],
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
