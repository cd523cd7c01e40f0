import { isMainThread, workerData } from 'node:worker_threads';

/** One entry for the process and for each of its I/O threads: both are put together from the same parts. */
export async function enter(entry: URL): Promise<void> {
  if (isMainThread) {
    const { runCli } = await import('./cli.js');
    await runCli(process.argv.slice(2), entry);
    return;
  }
  const { runIoWorker } = await import('../core/threads/io-worker.js');
  const { source } = await import('./parts.js');
  runIoWorker(workerData, source);
}
