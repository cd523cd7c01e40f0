import { MessageChannel } from 'node:worker_threads';
import { createPool, PoolBusy, type TaskPool, TaskTimeout } from './pool.js';
import type { ProgramCall, ProgramEnd, ProgramReply, ProgramTask } from './protocol.js';

/** Programs that run at once; each has a thread, which mostly waits. */
const AT_ONCE = 8;
/** A program that does not end by itself when its time is over is ended with its thread, so much later. */
const GRACE_MS = 1000;
/** What the interpreter itself may use of the thread's own memory, beside the program's. */
const HEAP_MB = 256;

export interface Program extends Omit<ProgramTask, 'port'> {
  /** What a call gives, as JSON. Rejects with an Error whose message the program is told. */
  readonly call: (callee: number, argument: string, signal: AbortSignal) => Promise<string>;
  readonly signal: AbortSignal;
}

export interface Programs {
  /** Rejects with the signal's reason; all else that goes wrong is said by the end. */
  run(program: Program): Promise<ProgramEnd>;
  close(): Promise<void>;
}

/** Programs of others, each in a sandbox in a thread that does nothing else meanwhile. Nothing runs until the first. */
export function createPrograms(): Programs {
  const pool = createPool({ threads: AT_ONCE, heapMb: HEAP_MB });
  return { run: (program) => run(pool, program), close: () => pool.close() };
}

async function run(pool: TaskPool, { call, signal, ...task }: Program): Promise<ProgramEnd> {
  const { port1: ours, port2: port } = new MessageChannel();
  const over = new AbortController();
  let calls = 0;
  ours.on('message', ({ id, callee, argument }: ProgramCall) => {
    calls++;
    const reply = (said: ProgramReply): void => ours.postMessage(said);
    call(callee, argument, over.signal).then(
      (json) => reply({ id, json }),
      (error) => reply({ id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
  try {
    return await pool.run(
      'runProgram',
      { ...task, port },
      { signal, transfer: [port], timeoutMs: task.limits.timeoutMs + GRACE_MS },
    );
  } catch (error) {
    signal.throwIfAborted();
    return { result: '', length: 0, console: '', calls, error: whyOf(error, task.limits.timeoutMs) };
  } finally {
    over.abort(new Error('the program has ended'));
    ours.close();
  }
}

function whyOf(error: unknown, timeoutMs: number): string {
  if (error instanceof PoolBusy) return 'Too many programs run at once; try again.';
  if (error instanceof TaskTimeout)
    return `The program was stopped: it has not ended within ${timeoutMs} ms.`;
  return 'The program was stopped: it has broken its sandbox.';
}
