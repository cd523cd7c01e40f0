import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import type { HeaderList } from '@headgate/sdk';
import type { Exchange, Incoming } from '../exchange.js';
import type { IoThread } from '../io-thread.js';
import type { Found } from '../route/endpoint-table.js';
import { withoutKey } from './key-in-query.js';
import { RequestBody } from './request-body.js';
import { UwsSink } from './uws-sink.js';

/**
 * Stage 1. uWebSockets.js's request lives only as long as this call and its response dies with the client: first say what
 * happens when the client leaves, then copy what is needed, then start the pipeline.
 */
export function accept(io: IoThread, { endpoint, model }: Found, res: HttpResponse, req: HttpRequest): void {
  const sink = new UwsSink(res);
  let x: Exchange | null = null;
  res.onAborted(() => {
    sink.gone = true;
    if (x !== null) io.abandoned(x);
  });
  const body = new RequestBody(io.runtime.config.server.bodyLimitBytes);
  res.onData((chunk, last) => body.push(chunk, last));
  const path = model === '' ? endpoint.path : req.getUrl();
  const headers = copyHeaders(req);
  const query = req.getQuery() ?? '';
  const incoming: Incoming = {
    method: 'POST',
    path,
    query: withoutKey(path, query, headers),
    model,
    headers,
    body,
    sink,
  };
  x = io.begin(endpoint, incoming);
}

export function copyHeaders(req: HttpRequest): HeaderList {
  const headers: HeaderList = [];
  req.forEach((name, value) => {
    headers.push(name, value);
  });
  return headers;
}
