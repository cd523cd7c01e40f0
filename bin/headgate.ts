#!/usr/bin/env node
// First of all: what the other imports allocate is meant.
import '../core/threads/heap-size.js';
import { isMainThread, workerData } from 'node:worker_threads';
import { type IoWorkerData, runIoWorker } from '../core/threads/io-worker.js';
import { source } from './parts.js';

// One entry for the process and for each of its I/O threads: both are put together from the same parts.
if (isMainThread) {
  const { runCli } = await import('./cli.js');
  await runCli(process.argv.slice(2), new URL(import.meta.url));
} else {
  runIoWorker(workerData as IoWorkerData, source);
}
