import type { Incoming } from '../exchange.js';
import type { IoThread } from '../io-thread.js';
import type { McpToldAnswer } from '../mcp/front-protocol.js';
import type { AnswerStream, StreamSource } from '../streamed.js';

/** Passes an answer of the admin API on that the main thread makes piece by piece; a client that is slow slows that down. */
export function streamControl(io: IoThread, { path, sink }: Incoming, id: string): void {
  let source: StreamSource | null = null;
  let over = false;
  let owed = 0;
  const settle = (): void => {
    const bytes = owed;
    owed = 0;
    if (bytes > 0) source?.took(bytes);
  };
  const to: AnswerStream = {
    start: (status, headers) => {
      sink.start(status, headers);
      sink.flush();
    },
    write: (bytes) => {
      if (over) return;
      owed += bytes.length;
      if (sink.write(bytes) && source !== null) settle();
    },
    detach: () => {},
    end: () => {
      over = true;
      sink.end();
    },
    fail: (why) => {
      over = true;
      io.log.error('an answer of the control plane broke off', { path, error: why });
      sink.cut();
    },
    ask: (): Promise<McpToldAnswer> => Promise.reject(new Error('nothing is asked of this client')),
    withdraw: () => {},
  };
  sink.onDrain = settle;
  sink.onLeft = () => {
    if (over) return;
    over = true;
    source?.stop();
  };
  source = io.control.stream({ about: 'admin', id }, to);
  if (!sink.full) settle();
}
