import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const sdk = (file: string): string => fileURLToPath(new URL(`./sdk-plugin/src/${file}`, import.meta.url));

/** Files that take longest, whatever their size: begun last, one would go on alone for half a minute. */
const LONG =
  /test\/(cluster\/(nodes|redis)|store\/ledger(-databases)?|clients\/python|e2e\/(lifecycle|slow-client)|forward\/(uploads|sdk-surface)|mcp\/(misbehaving|processes)|realtime\/flow-control|alerts\/gateway)\.test\.ts$/;

/** Vitest orders by what it remembers of files, which in a fresh checkout is their size. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const last = ({ moduleId }: TestSpecification): number => (LONG.test(moduleId) ? 0 : 1);
    return (await super.sort(files)).toSorted((a, b) => last(a) - last(b));
  }
}

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
    sequence: { sequencer: LongFirst },
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
