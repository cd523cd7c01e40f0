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
    // Of what a file lets run at once, most waits.
    maxConcurrency: 16,
    setupFiles: ['test/property-time.ts'],
    pool: 'forks',
    // One more than the cores this is meant for: much of a test is waiting for a process to start or a window to pass.
    maxWorkers: 3,
    // The files that a worker runs share what they import: loading the code anew for each of 200 took a fifth of the time. A
    // test that changes its process (the environment, a global, a listener) puts it back.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is waited for comes at once, unless the machine gives its cores to others for a while.
    expect: { poll: { timeout: 30_000, interval: 20 } },
  },
});
