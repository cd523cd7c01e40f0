import {
  type CanonicalResponse,
  foldEvents,
  type HeaderList,
  type Reply,
  type StreamEvent,
  unfoldResponse,
} from '@headgate/sdk';
import { answerWithReply, streamed } from '../answer.js';
import { answerHeaders } from '../answer-headers.js';
import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { answerBytes, fail } from '../fail.js';
import { echoOf } from '../kept/conversation.js';
import { usdText } from '../money.js';
import { runChain } from '../plan/run-chain.js';
import { tapWhole } from '../plan/run-tap.js';
import { costOf } from '../stages/settle.js';
import { viewOf } from '../view.js';
import { noteResponse } from './answer-said.js';
import { EventPipe } from './event-pipe.js';
import { streamType } from './framing.js';

/**
 * No hook reads the answer in the hub, nor does the gateway keep it itself, so bytes of the client's own format may pass as
 * they are.
 */
export function mayPassBytes(x: Exchange): boolean {
  if (x.conversation?.kept === true) return false;
  const answer = x.plan?.answer;
  return answer !== 'events' && answer !== 'whole';
}

/** Runs the answer hooks over a whole answer and gives the client the result in its own format. */
export function answerHooked(
  x: Exchange,
  response: CanonicalResponse,
  upstream: HeaderList,
): Promise<void> | undefined {
  x.usage = response.usage;
  noteResponse(x, response);
  if (mayPassBytes(x)) {
    send(x, response, upstream);
    return undefined;
  }
  if (x.plan?.event != null) return throughEvents(x, response, upstream);
  const hooks = x.plan?.response;
  if (hooks == null) {
    send(x, response, upstream);
    return undefined;
  }
  const changed = runChain(hooks, response, viewOf(x), x);
  if (changed instanceof Promise) return changed.then((value) => send(x, value, upstream));
  send(x, changed, upstream);
  return undefined;
}

/** An answer that was not streamed goes past the event hooks as the events it would have been. */
function throughEvents(
  x: Exchange,
  response: CanonicalResponse,
  upstream: HeaderList,
): Promise<void> | undefined {
  return new Promise((done, refuse) => {
    const events: StreamEvent[] = [];
    const pipe = new EventPipe(x, {
      write(event) {
        events.push(event);
        if (event.type !== 'end' && event.type !== 'error') return;
        try {
          send(x, { ...foldEvents(events), origin: response.origin }, upstream);
          done();
        } catch (reason) {
          refuse(reason);
        }
      },
      resume() {},
      block(reply: Reply) {
        answerWithReply(x, reply);
        done();
      },
      fail: refuse,
    });
    for (const event of unfoldResponse(response)) pipe.push(event);
  });
}

function send(x: Exchange, response: CanonicalResponse, upstream: HeaderList): void {
  const { format } = x.endpoint;
  try {
    x.headAt = performance.now();
    const cost = costOf(x);
    const costHeader = cost === null ? [] : ['x-headgate-cost-usd', usdText(cost)];
    if (x.stream && format.stream !== undefined) {
      const body = streamed(x, format.stream, response);
      tapWhole(x, body);
      answerBytes(x, 200, [...answerHeaders(x, streamType(x), passable(upstream)), ...costHeader], body);
      return;
    }
    if (format.response === undefined) {
      throw gatewayError('operation_unsupported', { model: x.model, operation: format.operation });
    }
    const body = JSON.stringify(format.response.encode(response, echoOf(x)));
    tapWhole(x, body);
    answerBytes(x, 200, [...answerHeaders(x, 'application/json', passable(upstream)), ...costHeader], body);
  } catch (reason) {
    fail(x, reason);
  }
}

/** Headers of another API would only confuse a client of this one; its request id helps when asking the provider. */
export function passable(upstream: HeaderList): HeaderList {
  const kept: HeaderList = [];
  for (let i = 0; i < upstream.length; i += 2) {
    const name = upstream[i] as string;
    if (name === 'x-request-id' || name === 'request-id')
      kept.push('x-upstream-request-id', upstream[i + 1] as string);
  }
  return kept;
}
