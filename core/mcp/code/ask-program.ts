import type { IoThread } from '../../io-thread.js';
import type { AnswerStream, StreamSource } from '../../streamed.js';
import type { McpQuestion, McpToldAnswer } from '../front-protocol.js';
import type { ProgramCall, ProgramEnd, ProgramText } from './program.js';

/** Runs a program for an I/O thread: the main thread has the sandbox, the calls are made here. Rejects with the signal's reason. */
export function askProgram(
  io: IoThread,
  program: ProgramText,
  call: ProgramCall,
  signal: AbortSignal,
): Promise<ProgramEnd> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const calls = new Map<string, AbortController>();
    const pieces: Uint8Array[] = [];
    let source: StreamSource | null = null;
    const over = (): void => {
      signal.removeEventListener('abort', stop);
      for (const one of calls.values()) one.abort(new Error('the program has ended'));
    };
    const stop = (): void => {
      over();
      source?.stop();
      reject(signal.reason);
    };
    const to: AnswerStream = {
      start() {},
      detach() {},
      write: (bytes) => void pieces.push(bytes),
      end() {
        over();
        resolve(JSON.parse(Buffer.concat(pieces).toString('utf8')) as ProgramEnd);
      },
      fail(why) {
        over();
        reject(new Error(why));
      },
      ask: (question) => answer(question, calls, call),
      withdraw: (id) => calls.get(id)?.abort(new Error('the program has ended')),
    };
    signal.addEventListener('abort', stop);
    source = io.control.stream({ about: 'program', program }, to);
    if (signal.aborted) source.stop();
  });
}

async function answer(
  question: McpQuestion,
  calls: Map<string, AbortController>,
  call: ProgramCall,
): Promise<McpToldAnswer> {
  if (question.ask !== 'function') throw new Error('a program asks for its functions alone');
  const { id, callee, argument } = question;
  const running = new AbortController();
  calls.set(id, running);
  try {
    return { json: await call(callee, argument, running.signal) };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  } finally {
    calls.delete(id);
  }
}
