import type { BaseView, ChainLink } from '@headgate/sdk';

/**
 * What a plugin counts for the links of principals' chains, opened when a link is first seen. A changed rule is another link.
 * `Folded` is what is made of all that is watched of one chain.
 */
export class WatchedChain<Watched, Folded> {
  readonly #byLink = new WeakMap<ChainLink, readonly Watched[]>();
  readonly #byChain = new WeakMap<readonly ChainLink[], Folded | null>();

  /**
   * @param open what is watched for a link's rules; null when it has none
   * @param fold makes the one thing of a chain's, in the order of its links; never of none
   */
  constructor(
    private readonly open: (link: ChainLink) => Promise<readonly Watched[]> | null,
    private readonly fold: (watched: readonly Watched[]) => Folded,
  ) {}

  /** Calls `take` with what is watched of the caller, at once or when its counters are open; not when nothing is. */
  with<T>(view: BaseView, take: (folded: Folded) => T | Promise<T>): T | undefined | Promise<T | undefined> {
    const chain = view.principal?.chain;
    if (chain === undefined) return undefined;
    const folded = this.#byChain.get(chain);
    if (folded !== undefined) return folded === null ? undefined : take(folded);
    const seen = this.#see(chain);
    if (!(seen instanceof Promise)) return seen === null ? undefined : take(seen);
    // The client may have left meanwhile: nobody would give back what is taken now.
    return seen.then((later) => (later === null || view.ended ? undefined : take(later)));
  }

  #see(chain: readonly ChainLink[]): Folded | null | Promise<Folded | null> {
    const opening: Promise<void>[] = [];
    for (const link of chain) {
      if (this.#byLink.has(link)) continue;
      const watched = this.open(link);
      if (watched === null) this.#byLink.set(link, []);
      else opening.push(watched.then((all) => void this.#byLink.set(link, all)));
    }
    return opening.length === 0 ? this.#known(chain) : Promise.all(opening).then(() => this.#known(chain));
  }

  #known(chain: readonly ChainLink[]): Folded | null {
    const found = chain.flatMap((link) => this.#byLink.get(link) ?? []);
    const folded = found.length === 0 ? null : this.fold(found);
    this.#byChain.set(chain, folded);
    return folded;
  }
}
