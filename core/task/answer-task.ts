import { type HeaderList, type JsonValue, MalformedBody, type TaskCodec } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import { canonicalError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { answerBytes, fail, failWith } from '../fail.js';
import { usdText } from '../money.js';
import { tapWhole } from '../plan/run-tap.js';
import { passable } from '../relay/hooked.js';
import type { Speech } from '../route/speech.js';
import { costOf } from '../stages/settle.js';
import type { DividedAnswer } from '../upstream/divided-call.js';
import { estimatedUsage } from './estimated-usage.js';
import { readAnswer } from './read-answer.js';
import { wastedParts } from './wasted-parts.js';

/** Gives the client what a provider of another format has answered to a request that is no chat, in the client's own. */
export function answerTask(x: Exchange, speech: Speech, body: Buffer, upstream: HeaderList): void {
  const { task } = x;
  const own = x.endpoint.format.task as TaskCodec;
  let written: JsonValue;
  try {
    if (task === null) throw new Error('the request was never decoded');
    const answer = readAnswer(
      x,
      speech.format.task as TaskCodec,
      JSON.parse(body.toString('utf8')) as JsonValue,
      upstream,
    );
    x.usage = answer.usage;
    // Some APIs name no model or no id; clients of others expect to read them.
    answer.model ||= x.target?.model ?? '';
    answer.id ||= x.id;
    written = own.encodeAnswer(answer, task);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof MalformedBody)) throw error;
    // Parts of it may make sense, and all were paid for.
    if (x.parts !== null && error instanceof MalformedBody)
      wastedParts(x, JSON.parse(body.toString('utf8')) as DividedAnswer);
    const why = error instanceof SyntaxError ? 'its JSON is broken' : error.message;
    failWith(x, canonicalError('provider_bad_answer', { provider: x.target?.provider.id ?? '', why }));
    return;
  }
  const wait = x.usage === null ? estimatedUsage(x) : null;
  if (wait === null) send(x, written, upstream);
  else
    wait
      .then((usage) => {
        if (x.answered) return;
        x.usage = usage;
        send(x, written, upstream);
      })
      .catch((reason) => fail(x, reason));
}

function send(x: Exchange, written: JsonValue, upstream: HeaderList): void {
  x.headAt = performance.now();
  const headers = answerHeaders(x, 'application/json', passable(upstream));
  const cost = costOf(x);
  if (cost !== null) headers.push('x-headgate-cost-usd', usdText(cost));
  const body = JSON.stringify(written);
  tapWhole(x, body);
  answerBytes(x, 200, headers, body);
}
