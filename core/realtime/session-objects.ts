import type { CanonicalError } from '@headgate/sdk';
import { GatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { namedObjects } from '../forward/named-objects.js';
import { mustBeOwn, type Owner } from '../forward/owner.js';
import { scanTopLevel } from '../wire/json-scan.js';

/** Why a message must not be passed on; null when it may be. */
type Objection = CanonicalError | null;

/**
 * Files, vector stores, earlier answers and the like that a client's messages name: as in requests over HTTP, they must not
 * be another virtual key's.
 */
export class SessionObjects {
  constructor(private readonly x: Exchange) {}

  check(message: Buffer): Objection | Promise<Objection> {
    const { endpoint, io } = this.x;
    const spans = endpoint.takeSpans();
    const read = scanTopLevel(message, endpoint.fields, spans) === 'ok';
    const ids = read ? namedObjects(endpoint, message, spans) : null;
    endpoint.giveBack(spans);
    if (ids === null || ids.size === 0) return null;
    const owners = io.objects.ownersOf([...ids]);
    return owners instanceof Promise
      ? owners.then((found) => this.judge(ids, found))
      : this.judge(ids, owners);
  }

  private judge(ids: ReadonlySet<string>, owners: ReadonlyMap<string, Owner>): Objection {
    try {
      for (const id of ids) mustBeOwn(this.x, id, owners.get(id));
      return null;
    } catch (reason) {
      if (reason instanceof GatewayError) return reason.canonical;
      throw reason;
    }
  }
}
