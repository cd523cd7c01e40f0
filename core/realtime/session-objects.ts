import type { CanonicalError } from '@headgate/sdk';
import { GatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { mustBeOwn, type Owner } from '../forward/owner.js';
import { readString } from '../wire/json-read.js';
import { scanTopLevel } from '../wire/json-scan.js';
import { namedIds } from '../wire/named-ids.js';

/** Why a message must not be passed on; null when it may be. */
type Objection = CanonicalError | null;

/**
 * Files, vector stores, earlier answers and the like that a client's messages name: as in requests over HTTP, they must not
 * be another virtual key's.
 */
export class SessionObjects {
  /** Places, among the fields of the format, of those that name an object at the top of a message. */
  private readonly atTop: readonly number[];

  constructor(private readonly x: Exchange) {
    const { fields, format } = x.endpoint;
    this.atTop = (format.objectIds ?? []).map((name) => fields.names.indexOf(name)).filter((at) => at >= 0);
  }

  check(message: Buffer): Objection | Promise<Objection> {
    const { endpoint, io } = this.x;
    const spans = endpoint.takeSpans();
    const read = scanTopLevel(message, endpoint.fields, spans) === 'ok';
    const ids = read ? namedIds(message, spans, endpoint.fields.maxDepth) : new Set<string>();
    for (const field of read ? this.atTop : []) {
      const id = readString(message, spans.start(field), spans.end(field));
      if (id !== undefined) ids.add(id);
    }
    endpoint.giveBack(spans);
    if (ids.size === 0) return null;
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
