// Loaded before the gateway (`--import`): counts what its main thread does, and writes the counts to the file named by
// HEADGATE_TEST_COUNTS at each SIGUSR2.
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { promiseHooks } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const counts = { parses: 0, promises: 0 };
  const { parse } = JSON;
  JSON.parse = function counted(...args) {
    counts.parses++;
    return Reflect.apply(parse, JSON, args);
  };
  promiseHooks.onInit(() => {
    counts.promises++;
  });
  // V8 itself counts the calls of every function; a view's only door is `viewOf`, its only maker the constructor.
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  let views = 0;
  const file = process.env.HEADGATE_TEST_COUNTS;
  process.on('SIGUSR2', () => {
    // `takePreciseCoverage` starts its counts anew each time.
    session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
      // Bundled, it may be in any file of the program.
      const functions = result
        .filter(({ url }) => url.includes('/dist/bin/'))
        .flatMap((one) => one.functions);
      for (const { functionName, ranges } of functions)
        if (functionName === 'ExchangeView') views += ranges[0].count;
      writeFileSync(`${file}.new`, JSON.stringify({ ...counts, views }));
      renameSync(`${file}.new`, file);
    });
  });
}
