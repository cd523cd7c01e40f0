import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const sdk = (file: string): string => fileURLToPath(new URL(`./sdk-plugin/src/${file}`, import.meta.url));

const PLAIN = 'test/{formats,prices,providers,route,wire}/**/*.test.ts';
const shared = { pool: 'forks', testTimeout: 20_000, hookTimeout: 20_000 } as const;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@headgate\/sdk$/, replacement: sdk('index.ts') },
      { find: /^@headgate\/sdk\/testing$/, replacement: sdk('testing.ts') },
    ],
  },
  test: {
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          // Plain functions of their input: a worker loads the code once for all of these files.
          name: 'plain',
          include: [PLAIN],
          isolate: false,
          ...shared,
        },
      },
      {
        extends: true,
        // Servers, processes, threads and clocks: each file has a process of its own.
        test: { name: 'whole', include: ['test/**/*.test.ts'], exclude: [PLAIN], ...shared },
      },
    ],
  },
});
