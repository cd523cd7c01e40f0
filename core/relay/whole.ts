import type { CanonicalError, CanonicalResponse, HeaderList, JsonObject } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import { canonicalError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { answerBytes, fail, failWith } from '../fail.js';
import { answerIdOf } from '../kept/answer-id.js';
import { usdText } from '../money.js';
import { tapWhole } from '../plan/run-tap.js';
import type { Speech } from '../route/speech.js';
import { costOf } from '../stages/settle.js';
import { answerTask } from '../task/answer-task.js';
import { estimatedUsage } from '../task/estimated-usage.js';
import { noteWhole } from './answer-said.js';
import { errorInside } from './error-inside.js';
import { answerHooked, mayPassBytes } from './hooked.js';
import { RawRelay } from './raw.js';
import type { Relay } from './relay.js';

const BROKEN = 'its JSON is broken';

/** Most of an answer that is held before its head is sent. What is larger passes as it comes, without a cost header. */
const HOLD_BYTES = 4 * 1024 * 1024;

/** Up to this size an answer without usage is looked at more closely: with usage it is an answer. */
const LOOK_BYTES = 64 * 1024;

/** A whole JSON answer: held until it is complete, so that its cost is in its head and a bad one becomes an error. */
export class WholeRelay implements Relay {
  private chunks: Buffer[] = [];
  private size = 0;
  private overflow: RawRelay | null = null;
  private readonly bytesPass: boolean;

  constructor(
    private readonly x: Exchange,
    private readonly status: number,
    private readonly contentType: string,
    private readonly headers: HeaderList,
    private readonly speech: Speech,
  ) {
    this.bytesPass = speech.same && mayPassBytes(x);
  }

  data(chunk: Buffer): boolean {
    if (this.overflow !== null) return this.overflow.data(chunk);
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size <= HOLD_BYTES || !this.bytesPass) return true;
    this.overflow = new RawRelay(this.x, this.status, this.contentType, this.headers);
    const held = Buffer.concat(this.chunks);
    this.chunks = [];
    this.x.conversation?.passed(this.x, this.x.conversation.state.idOf(held, false));
    return this.overflow.data(held);
  }

  end(): void {
    if (this.overflow !== null) {
      this.overflow.end();
      return;
    }
    const body = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
    if (!looksLikeObject(body) && this.speech.format.task === undefined) this.bad('it is not a JSON object');
    else if (this.bytesPass) this.pass(body);
    else this.translate(body);
  }

  interrupt(error: CanonicalError): void {
    if (this.overflow !== null) this.overflow.interrupt(error);
    else failWith(this.x, error);
  }

  drop(): void {}

  private pass(body: Buffer): void {
    const { x } = this;
    const usage = x.endpoint.format.meter?.body(body) ?? null;
    // What tells its usage is an answer, and is not parsed.
    if (usage === null && looksLikeObject(body) && !this.isAnswer(body)) return;
    x.usage = usage;
    noteWhole(x, body);
    const wait = x.usage === null ? estimatedUsage(x) : null;
    if (wait === null) this.sendBytes(body);
    else
      wait
        .then((usage) => {
          if (x.answered) return;
          x.usage = usage;
          this.sendBytes(body);
        })
        .catch((reason) => fail(x, reason));
  }

  private sendBytes(body: Buffer): void {
    const { x } = this;
    x.headAt = performance.now();
    const headers = answerHeaders(x, this.contentType, this.headers);
    const cost = costOf(x);
    if (cost !== null) headers.push('x-headgate-cost-usd', usdText(cost));
    tapWhole(x, body);
    x.conversation?.passed(x, x.conversation.state.idOf(body, false));
    answerBytes(x, this.status, headers, body);
  }

  private translate(body: Buffer): void {
    const { x, speech } = this;
    if (speech.format.task !== undefined) {
      answerTask(x, speech, body, this.headers);
      return;
    }
    const parsed = this.parse(body);
    if (parsed === null) return;
    let response: CanonicalResponse;
    try {
      const codec = speech.format.response;
      if (codec === undefined) throw new Error('its format cannot be translated');
      response = codec.decode(parsed);
      // Some APIs name no model or no id; clients of others expect to read them.
      response.model ||= x.target?.model ?? '';
      response.id = answerIdOf(x, response.id);
    } catch (error) {
      this.bad(messageOf(error));
      return;
    }
    try {
      const wait = answerHooked(x, response, this.headers);
      wait?.catch((reason) => fail(x, reason));
    } catch (reason) {
      fail(x, reason);
    }
  }

  private isAnswer(body: Buffer): boolean {
    if (body.length <= LOOK_BYTES) return this.parse(body) !== null;
    if (endsLikeObject(body)) return true;
    this.bad(BROKEN);
    return false;
  }

  /** Null when it is no answer: the client, or another attempt, knows of it then. */
  private parse(body: Buffer): JsonObject | null {
    const text = body.toString('utf8');
    let parsed: JsonObject;
    try {
      parsed = JSON.parse(text) as JsonObject;
    } catch {
      this.bad(BROKEN);
      return null;
    }
    const found = errorInside(parsed, text, this.speech.format.error);
    if (found === null) return parsed;
    this.x.attempt?.failInside?.({ ...found, headers: this.headers });
    return null;
  }

  private bad(why: string): void {
    failWith(
      this.x,
      canonicalError('provider_bad_answer', { provider: this.x.target?.provider.id ?? '', why }),
    );
  }
}

function looksLikeObject(body: Buffer): boolean {
  for (const byte of body) if (!isSpace(byte)) return byte === 0x7b;
  return false;
}

function endsLikeObject(body: Buffer): boolean {
  let at = body.length - 1;
  while (at > 0 && isSpace(body[at] as number)) at--;
  return body[at] === 0x7d;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
