import type { OwnedObject, Owner } from './owner.js';

/** Where ids are kept for all threads and for the time after a restart. */
export interface ObjectStore {
  /** The owner of the first of these ids that is known. */
  ownerOf(ids: readonly string[]): Promise<Owner | null>;
  own(objects: readonly OwnedObject[]): Promise<void>;
}

/** Most ids that a thread remembers itself. */
const MAX_KNOWN = 20_000;

/** Which provider and key files, batches, responses and the like belong to. */
export class ObjectBook {
  private readonly known = new Map<string, Owner>();

  constructor(
    private readonly store: ObjectStore,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  /** The owner of the first of these ids that is known, null when none is. */
  find(ids: readonly string[]): Owner | null | Promise<Owner | null> {
    for (const id of ids) {
      const owner = this.known.get(id);
      if (owner !== undefined) return owner;
    }
    if (ids.length === 0) return null;
    return this.store.ownerOf(ids).catch((error) => {
      // Without the store, requests go where those go that name no id.
      this.onTrouble(error);
      return null;
    });
  }

  /** These ids came from that provider. Nobody waits for it. `answers`: of answers, of which there are many. */
  remember(ids: readonly string[], owner: Owner, answers = false): void {
    const news = ids.filter((id) => {
      const known = this.known.get(id);
      return known === undefined || known.provider !== owner.provider || known.key !== owner.key;
    });
    if (news.length === 0) return;
    if (this.known.size + news.length > MAX_KNOWN) this.known.clear();
    for (const id of news) this.known.set(id, owner);
    this.store.own(news.map((id) => ({ id, ...owner, answers }))).catch(this.onTrouble);
  }
}
