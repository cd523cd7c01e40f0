import { parentPort, workerData } from 'node:worker_threads';
import { Poster } from '../upstream/poster.js';
import { AskedContents } from './asked-contents.js';
import type { SinkThreadData, SinkThreadMessage, SinkThreadRequest } from './sink-protocol.js';
import { type SinkRows, Sinks } from './sinks.js';

/** Runs the sinks' thread, until it is told to close. What fails in it is told to whoever started it by the thread's end. */
export function runSinkThread(rows: SinkRows): void {
  const parent = parentPort;
  if (parent === null) throw new Error('the sinks run in a thread of their own');
  const send = (message: SinkThreadMessage): void => parent.postMessage(message);
  const { setup, dir, begin, earlier } = workerData as SinkThreadData;
  const poster = new Poster();
  const contents = new AskedContents((token, ids) => send({ type: 'contents', token, ids }));
  const sinks = new Sinks({
    setup,
    dir,
    begin,
    earlier,
    rows,
    poster,
    contents: contents.get,
    log: (level, message, fields) => send({ type: 'log', level, message, fields }),
    onUnreadable: (end, records) => send({ type: 'unreadable', end, records }),
    onHealth: () => send({ type: 'states', token: null, states: sinks.states() }),
  });
  parent.on('message', (request: SinkThreadRequest) => {
    if (request.type === 'grown') sinks.grown(request.end, request.records);
    else if (request.type === 'sealed') sinks.sealed();
    else if (request.type === 'batch') {
      sinks.add(request.bytes, request.records);
      send({ type: 'taken', bytes: request.bytes.length });
    } else if (request.type === 'contents') contents.answered(request.token, request.contents);
    else if (request.type === 'states')
      send({ type: 'states', token: request.token, states: sinks.states() });
    else
      void sinks
        .close()
        .then(() => poster.close())
        .then(() => {
          send({ type: 'states', token: null, states: sinks.states() });
          parent.close();
        });
  });
}
