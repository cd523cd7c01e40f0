import type { OwnedObject, Owner } from './owner.js';

/** Where ids are kept for all threads and for the time after a restart. */
export interface ObjectStore {
  /** Those of these ids that are known. */
  ownersOf(ids: readonly string[]): Promise<OwnedObject[]>;
  /** The first holder of an object stays its holder. */
  own(objects: readonly OwnedObject[]): Promise<void>;
}

type Owners = ReadonlyMap<string, Owner>;

/** Most ids that a thread remembers itself. */
const MAX_KNOWN = 20_000;

/** Which provider, which of its keys and which virtual key files, batches, responses and the like belong to. */
export class ObjectBook {
  private readonly known = new Map<string, Owner>();

  constructor(
    private readonly store: ObjectStore,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  /** The owner as far as this thread remembers it. */
  knows(id: string): Owner | null {
    return this.known.get(id) ?? null;
  }

  /** The owner of the first of these ids that is known, null when none is. */
  find(ids: readonly string[]): Owner | null | Promise<Owner | null> {
    for (const id of ids) {
      const owner = this.known.get(id);
      if (owner !== undefined) return owner;
    }
    if (ids.length === 0) return null;
    const found = this.ownersOf(ids);
    return found instanceof Promise ? found.then((owners) => firstOf(ids, owners)) : firstOf(ids, found);
  }

  /** The owners of those of these ids that are known. */
  ownersOf(ids: readonly string[]): Owners | Promise<Owners> {
    const owners = new Map<string, Owner>();
    const unsure: string[] = [];
    for (const id of ids) {
      const owner = this.known.get(id);
      if (owner !== undefined) owners.set(id, owner);
      // Another thread may know by now whose it is.
      if (owner?.holder === undefined) unsure.push(id);
    }
    if (unsure.length === 0) return owners;
    return this.store.ownersOf(unsure).then(
      (found) => {
        for (const { id, ...owner } of found) owners.set(id, owner);
        return owners;
      },
      (error) => {
        // Without the store, requests go where those go that name no id.
        this.onTrouble(error);
        return owners;
      },
    );
  }

  /**
   * True for the first that asks with this mark, over all threads and restarts: the store knows one holder of each. True
   * as well when the store cannot be asked, and this thread has not seen the mark: what was used is better told twice than
   * never. Of `answers` as in `remember`.
   */
  async claim(mark: string, provider: string, by: string, answers = false): Promise<boolean> {
    if (this.known.has(mark)) return false;
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(mark, { provider, key: '', holder: by });
    try {
      await this.store.own([{ id: mark, provider, key: '', holder: by, answers }]);
      const [owner] = await this.store.ownersOf([mark]);
      return owner === undefined || owner.holder === by;
    } catch (error) {
      this.onTrouble(error);
      return true;
    }
  }

  /**
   * These ids came from that provider. Resolves when that is kept; undefined when it was known. `answers`: of answers, of
   * which there are many.
   */
  remember(ids: readonly string[], owner: Owner, answers = false): Promise<void> | undefined {
    const news = ids.filter((id) => {
      const known = this.known.get(id);
      return (
        known === undefined ||
        known.provider !== owner.provider ||
        known.key !== owner.key ||
        (known.holder === undefined && owner.holder !== undefined)
      );
    });
    if (news.length === 0) return undefined;
    if (this.known.size + news.length > MAX_KNOWN) this.known.clear();
    for (const id of news)
      this.known.set(id, { ...owner, holder: this.known.get(id)?.holder ?? owner.holder });
    return this.store.own(news.map((id) => ({ ...owner, id, answers }))).catch(this.onTrouble);
  }
}

export function firstOf(ids: readonly string[], owners: Owners): Owner | null {
  for (const id of ids) {
    const owner = owners.get(id);
    if (owner !== undefined) return owner;
  }
  return null;
}
