import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const sdk = (file: string): string => fileURLToPath(new URL(`./sdk-plugin/src/${file}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@headgate\/sdk$/, replacement: sdk('index.ts') },
      { find: /^@headgate\/sdk\/testing$/, replacement: sdk('testing.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Importing the sources anew for each of some 200 files cost a third of the whole run. What a file changes in its
    // process (environment, listeners, clocks) it has to put back.
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
