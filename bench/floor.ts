/**
 * The floor: the least a forwarder on this stack can do, so that Headgate's cost has something to be compared with.
 * uWebSockets.js in, undici `dispatch` out, `JSON.parse` of the request and of a whole answer, streams passed on chunk by
 * chunk with the writes of one tick joined. No keys, limits, cost, log, time-outs or flow control.
 * Usage: node floor.js PORT UPSTREAM_ORIGIN (port 0 takes a free one). Tells its port to a parent over IPC.
 */

import uWS, { type HttpResponse } from 'uWebSockets.js';
import { Pool } from 'undici';
import { announce } from './announce.js';

const [port = '0', origin = 'http://127.0.0.1:9001'] = process.argv.slice(2);
const pool = new Pool(origin, { headersTimeout: 0, bodyTimeout: 0 });
const aborted = new WeakSet<HttpResponse>();

function forward(res: HttpResponse, path: string, authorization: string, body: Buffer): void {
  JSON.parse(body.toString());
  let head: { status: string; type: string } | undefined;
  let chunks: Buffer[] = [];
  let ended = false;
  const flush = () => {
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    chunks = [];
    if (aborted.has(res)) return;
    res.cork(() => {
      if (head) res.writeStatus(head.status).writeHeader('content-type', head.type);
      if (head?.type.startsWith('application/json')) JSON.parse(bytes.toString());
      head = undefined;
      if (ended) res.end(bytes);
      else res.write(bytes);
    });
  };
  const headers = { 'content-type': 'application/json', authorization };
  pool.dispatch(
    { path, method: 'POST', headers, body },
    {
      onRequestStart() {},
      onResponseStart(_controller, status, answer) {
        head = { status: String(status), type: String(answer['content-type']) };
      },
      onResponseData(_controller, chunk) {
        const first = chunks.push(chunk) === 1;
        const streamed = head === undefined || head.type.startsWith('text/event-stream');
        if (first && streamed) queueMicrotask(() => ended || flush());
      },
      onResponseEnd() {
        ended = true;
        flush();
      },
      onResponseError() {
        if (!aborted.has(res)) res.close();
      },
    },
  );
}

uWS
  .App()
  .post('/*', (res, req) => {
    const path = req.getUrl();
    const authorization = req.getHeader('authorization');
    const parts: Buffer[] = [];
    res.onAborted(() => void aborted.add(res));
    res.onData((chunk, isLast) => {
      parts.push(Buffer.from(Buffer.from(chunk))); // copied: uWS takes its memory back after this call
      if (isLast) forward(res, path, authorization, parts.length === 1 ? parts[0]! : Buffer.concat(parts));
    });
  })
  .listen('127.0.0.1', Number(port), (socket) => announce(socket && uWS.us_socket_local_port(socket)));
