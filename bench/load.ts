/**
 * The load process: runs one job at a time for its parent and answers with what it saw. One process for the whole run, so
 * that its code is warm, pinned away from the gateway.
 */
import { type ClosedLoop, closedLoop } from './closed-loop.js';
import { type OpenLoop, openLoop } from './open-loop.js';

export type Job = ClosedLoop | OpenLoop;

process.on('message', (job: Job) => {
  const run = job.kind === 'closed' ? closedLoop(job) : openLoop(job);
  run.then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));
