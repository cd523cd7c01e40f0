import type { AttemptRecord, CanonicalError, Outcome, Reply, SocketNews } from '@headgate/sdk';
import { maxCost } from '../cost-bound.js';
import { canonicalError, GatewayError } from '../errors.js';
import { Exchange } from '../exchange.js';
import { letGo } from '../gone.js';
import { runGate } from '../plan/run-gate.js';
import { runNotify } from '../plan/run-notify.js';
import { runRefused } from '../plan/run-refused.js';
import { viewOf } from '../view.js';
import { sessionRecord } from './session-record.js';
import { priced, Tally } from './tally.js';

const MINUTE_MS = 60_000;

/**
 * The answers of one session, each of which is to limits and budgets what a request is: the request gates run before it,
 * which may reserve something, and the settled hooks after it, with what it used. The first answer's gates ran when the
 * session was opened; the next one's run as soon as an answer is complete, so a session that may use no more ends there.
 */
export class Turns {
  /** Of the whole session. */
  readonly total = new Tally();
  private now = new Tally();
  /** What the gates let through and nothing has settled yet. */
  private held: Exchange | null;
  private begun = false;
  private over = false;
  /** Nano-dollars of the dearest answer so far. */
  private dearest = 0;

  constructor(
    private readonly session: Exchange,
    private readonly attempt: AttemptRecord,
    private readonly onRefused: (error: CanonicalError) => void,
  ) {
    this.held = session;
  }

  /** @param model the provider's name of the model that is talked to */
  take(news: SocketNews, model: string): void {
    if (this.over) return;
    if (news.what === 'begun') {
      this.begun = true;
      return;
    }
    const { target, runtime } = this.session;
    for (const usage of news.usages) {
      const cost = priced(runtime.prices, target?.provider.id ?? '', news.model ?? model, usage);
      if (cost === null) this.session.io.unpriced.note(this.session);
      this.total.add(usage, cost);
      this.now.add(usage, cost);
    }
    if (news.ends || this.isBeyond()) this.next();
  }

  /** The session is over: what was used of the last answer counts, and nothing is reserved any more. */
  end(outcome: Outcome): void {
    if (this.over) return;
    this.over = true;
    if (this.held !== null) this.settle(this.held, this.now, outcome, true);
    this.held = null;
  }

  /** More was used of an answer than was reserved for it: that is settled, and more is reserved, or the session ends. */
  private isBeyond(): boolean {
    const { held, now } = this;
    if (held === null || now.costNano === null) return false;
    const most = maxCost(held);
    return most !== null && now.costNano > most;
  }

  private next(): void {
    const done = this.now;
    // The next answer reads all that this one has read.
    this.dearest = Math.max(this.dearest, done.costNano ?? 0);
    const { held } = this;
    this.now = new Tally();
    this.held = null;
    this.begun = false;
    if (held !== null && isOfAnotherMinute(held)) this.settleLate(held, done);
    else if (held !== null) this.settle(held, done, 'ok', true);
    if (this.over) return;
    const answer = this.reserve();
    if (answer instanceof Promise) answer.then((later) => this.hold(later));
    else this.hold(answer);
  }

  /**
   * People think long. What was reserved in a minute, or a budget's period, that is over no longer holds what was used now:
   * it is reserved again, if that is possible, and settled at once.
   */
  private settleLate(held: Exchange, done: Tally): void {
    const answer = this.reserve();
    if (answer instanceof Exchange) {
      this.settle(held, new Tally(), 'ok', false);
      this.settle(answer, done, 'ok', true);
      return;
    }
    this.settle(held, done, 'ok', true);
    if (answer instanceof Promise) answer.then((later) => this.giveBack(later));
    else this.refused(answer);
  }

  private giveBack(answer: Exchange | CanonicalError): void {
    if (answer instanceof Exchange) this.settle(answer, new Tally(), 'ok', false);
  }

  private hold(answer: Exchange | CanonicalError): void {
    if (this.over) this.giveBack(answer);
    else if (answer instanceof Exchange) this.held = answer;
    else this.refused(answer);
  }

  private refused(error: CanonicalError): void {
    if (!this.over) this.onRefused(error);
  }

  /** Runs the gates for one more answer, by the configuration of now. */
  private reserve(): Exchange | CanonicalError | Promise<Exchange | CanonicalError> {
    const x = this.successor();
    const gates = x.plan?.request ?? null;
    try {
      const expires = x.principal?.expiresMs ?? null;
      if (expires !== null && expires <= x.receivedAt) return this.drop(x, canonicalError('key_expired'));
      if (gates === null) return x;
      const answer = runGate<Reply>(gates, viewOf(x), x);
      if (!(answer instanceof Promise)) return this.judge(x, answer);
      return answer.then(
        (reply) => this.judge(x, reply),
        (reason) => this.drop(x, errorOf(reason)),
      );
    } catch (reason) {
      return this.drop(x, errorOf(reason));
    }
  }

  private judge(x: Exchange, reply: Reply | undefined): Exchange | CanonicalError {
    if (reply === undefined) return x;
    return this.drop(x, reply.type === 'error' ? reply.error : canonicalError('session_ended'));
  }

  /** Gates that ran before the one that refused may hold something. */
  private drop(x: Exchange, error: CanonicalError): CanonicalError {
    runRefused(x, error);
    this.settle(x, new Tally(), 'error', false, error.code);
    return error;
  }

  private successor(): Exchange {
    const { session } = this;
    const x = new Exchange(session.io, session.endpoint, session.incoming);
    x.principal = session.principal;
    x.metadata = session.metadata;
    x.model = session.model;
    x.stream = true;
    x.leastNano = this.dearest;
    x.route = session.route;
    x.targets = session.targets;
    x.target = session.target;
    x.plan = x.runtime.plans.find(x.endpoint.format, session.route?.name ?? x.model);
    return x;
  }

  private settle(x: Exchange, used: Tally, outcome: Outcome, asked: boolean, error = ''): void {
    const hooks = x.plan?.settled ?? null;
    if (hooks === null) return;
    // An answer that broke off has used something that nobody told us.
    const status = this.begun && this.over ? 200 : this.attempt.status;
    const record = sessionRecord(x, {
      usage: used.usage,
      costNano: used.costNano,
      outcome,
      error,
      attempts: asked ? [{ ...this.attempt, status }] : [],
      asked,
    });
    const pending = runNotify(hooks, record, x);
    if (x !== this.session && !pending) letGo(x);
  }
}

function isOfAnotherMinute({ receivedAt }: Exchange): boolean {
  return Math.floor(receivedAt / MINUTE_MS) !== Math.floor(Date.now() / MINUTE_MS);
}

function errorOf(reason: unknown): CanonicalError {
  return reason instanceof GatewayError ? reason.canonical : canonicalError('internal');
}
