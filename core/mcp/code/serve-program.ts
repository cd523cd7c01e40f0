import type { AnswerStream, StreamSource } from '../../streamed.js';
import type { McpProgramAsk, RunProgram } from './program.js';

let count = 0;

/** A program of an I/O thread, in the main thread: it runs in the pool, and its calls are asked of the thread that wants it. */
export function serveProgram(run: RunProgram, { program }: McpProgramAsk, to: AnswerStream): StreamSource {
  const stopping = new AbortController();
  const call = async (callee: number, argument: string, signal: AbortSignal): Promise<string> => {
    const id = `p${++count}`;
    const withdraw = (): void => to.withdraw(id);
    signal.addEventListener('abort', withdraw, { once: true });
    try {
      const answer = await to.ask({ ask: 'function', id, callee, argument });
      if ('json' in answer) return answer.json;
      throw new Error('failed' in answer ? answer.failed : 'the other thread answered another question');
    } finally {
      signal.removeEventListener('abort', withdraw);
    }
  };
  run({ ...program, call, signal: stopping.signal }).then(
    (end) => {
      if (stopping.signal.aborted) return;
      to.write(Buffer.from(JSON.stringify(end)));
      to.end();
    },
    (error) => {
      if (!stopping.signal.aborted) to.fail(String(error));
    },
  );
  const stop = (): void => stopping.abort(new Error('nobody wants it any longer'));
  return { took() {}, report() {}, left: stop, stop };
}
