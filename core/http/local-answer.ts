import type { HeaderList, JsonValue } from '@headgate/sdk';
import type { ControlRequest } from '../control.js';
import type { IoThread } from '../io-thread.js';
import type { HttpRequest, HttpResponse } from './uws.js';
import { writeHead } from './write-head.js';

/** Small answers that no pipeline is needed for. */
export function answer(res: HttpResponse, status: number, headers: HeaderList, body: string): void {
  res.cork(() => {
    writeHead(res, status, headers);
    res.end(body);
  });
}

export function answerWithoutBody(res: HttpResponse, status: number, headers: HeaderList): void {
  res.cork(() => {
    writeHead(res, status, headers);
    res.endWithoutBody();
  });
}

export function answerLocally(res: HttpResponse, _req: HttpRequest, status: number, value: JsonValue): void {
  answer(res, status, ['content-type', 'application/json'], JSON.stringify(value));
}

/** Asks the main thread, which knows what the threads together have done. */
export function answerControl(io: IoThread, res: HttpResponse, request: ControlRequest): void {
  let gone = false;
  res.onAborted(() => {
    gone = true;
  });
  io.control.handle(request).then(
    ({ status, headers, body }) => {
      if (gone) return;
      if (request.method === 'HEAD') answerWithoutBody(res, status, headers);
      else answer(res, status, headers, body);
    },
    (error) => {
      io.log.error('the control plane failed', { path: request.path, error: String(error) });
      if (!gone) answer(res, 500, ['content-type', 'application/json'], '{"error":{"code":"internal"}}');
    },
  );
}
