import type { HeaderList, WireFormat } from '@headgate/sdk';
import { canonicalError, type ErrorCode } from '../errors.js';
import type { IoThread } from '../io-thread.js';
import { answer, answerWithoutBody } from './local-answer.js';
import type { HttpResponse } from './uws.js';

/** Errors in the shape of the client API that a path belongs to; OpenAI's for paths of no API. */
export function shapeFor(io: IoThread, path: string): ErrorShape {
  const anthropic = path.startsWith('/v1/messages') || path.startsWith('/anthropic/');
  const example = anthropic ? '/v1/messages' : '/v1/chat/completions';
  const endpoint = io.endpoints.get(example);
  if (endpoint === undefined) throw new Error(`no endpoint ${example}`);
  return new ErrorShape(io, endpoint.format);
}

export class ErrorShape {
  constructor(
    private readonly io: IoThread,
    private readonly format: WireFormat,
  ) {}

  refuse(
    res: HttpResponse,
    code: ErrorCode,
    details: Record<string, string>,
    more: HeaderList,
    bodiless: boolean,
  ): void {
    const error = canonicalError(code, details);
    const id = this.io.ids.next();
    const headers = [...more, 'x-headgate-request-id', id, this.format.requestIdHeader, id];
    if (bodiless) answerWithoutBody(res, error.status, headers);
    else
      answer(
        res,
        error.status,
        ['content-type', 'application/json', ...headers],
        this.format.error.encode(error, id),
      );
  }
}
