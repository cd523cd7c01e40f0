import type { ProgramCall, ProgramEnd, ProgramReply, ProgramTask } from '../protocol.js';
import { Machine, ProgramStopped } from '../sandbox/machine.js';

/** Runs a program in a machine of its own, until it ends or one of its limits ends it. */
export async function runProgram({ source, functions, limits, port }: ProgramTask): Promise<ProgramEnd> {
  let said = '';
  const say = (text: string): void => {
    if (said.length < limits.outputChars)
      said = `${said}${said === '' ? '' : '\n'}${text}`.slice(0, limits.outputChars);
  };
  let open = 0;
  const queue: ProgramCall[] = [];
  const send = (): void => {
    while (open < limits.parallel) {
      const next = queue.shift();
      if (next === undefined) break;
      open++;
      port.postMessage(next);
    }
  };
  const call = (id: number, callee: number, argument: string): void => {
    queue.push({ id, callee, argument });
    send();
  };
  const machine = await Machine.make({ functions, limits, call, say });
  const ended = await new Promise<Pick<ProgramEnd, 'result' | 'length' | 'error'>>((resolve) => {
    const late = setTimeout(
      () => resolve(failed(`The program was stopped: it has not ended within ${limits.timeoutMs} ms.`)),
      limits.timeoutMs,
    );
    const step = (work: () => ReturnType<Machine['begin']>): void => {
      try {
        const outcome = work();
        if (outcome === null) return;
        resolve(
          'error' in outcome
            ? failed(outcome.error)
            : { result: outcome.text, length: outcome.length, error: null },
        );
      } catch (error) {
        resolve(failed(error instanceof ProgramStopped ? error.message : 'The program could not be run.'));
      }
      clearTimeout(late);
    };
    port.on('message', (reply: ProgramReply) => {
      open--;
      send();
      step(() => machine.reply(reply.id, reply));
    });
    port.on('close', () => step(() => ({ error: 'The program was stopped.' })));
    step(() => machine.begin(source));
  });
  port.removeAllListeners();
  port.close();
  return { ...ended, console: said, calls: machine.called };
}

function failed(error: string): Pick<ProgramEnd, 'result' | 'length' | 'error'> {
  return { result: '', length: 0, error };
}
