import type { CanonicalError } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { fail } from '../fail.js';
import type { Relay } from '../relay/relay.js';

/** A small answer that may not begin before something is done. What comes of it meanwhile is held. */
export class LaterAnswer implements Relay {
  private relay: Relay | null = null;
  private readonly held: Buffer[] = [];
  private ended = false;
  private broken: CanonicalError | null = null;

  constructor(
    done: Promise<unknown>,
    private readonly open: () => Relay,
    private readonly x: Exchange,
  ) {
    done.then(() => this.begin()).catch((reason) => fail(x, reason));
  }

  data(chunk: Buffer): boolean {
    if (this.relay !== null) return this.relay.data(chunk);
    this.held.push(chunk);
    return true;
  }

  end(): void {
    this.ended = true;
    this.relay?.end();
  }

  interrupt(error: CanonicalError): void {
    this.broken = error;
    this.relay?.interrupt(error);
  }

  drop(): void {
    this.relay?.drop();
  }

  private begin(): void {
    if (this.x.answered) return;
    this.relay = this.open();
    for (const chunk of this.held.splice(0)) this.relay.data(chunk);
    if (this.broken !== null) this.relay.interrupt(this.broken);
    else if (this.ended) this.relay.end();
  }
}
