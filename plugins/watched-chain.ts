import type { ChainLink } from '@headgate/sdk';

/** What a plugin counts for the links of principals' chains, opened when a link is first seen. A changed rule is another link. */
export class WatchedChain<Watched> {
  readonly #byLink = new WeakMap<ChainLink, readonly Watched[]>();
  readonly #byChain = new WeakMap<readonly ChainLink[], readonly Watched[]>();

  /** @param open what is watched for a link's rules; null when it has none */
  constructor(private readonly open: (link: ChainLink) => Promise<readonly Watched[]> | null) {}

  /** What is watched of all links, in their order; a promise when one of them was never seen. */
  of(chain: readonly ChainLink[]): readonly Watched[] | Promise<readonly Watched[]> {
    return this.#byChain.get(chain) ?? this.#see(chain);
  }

  #see(chain: readonly ChainLink[]): readonly Watched[] | Promise<readonly Watched[]> {
    const opening: Promise<void>[] = [];
    for (const link of chain) {
      if (this.#byLink.has(link)) continue;
      const watched = this.open(link);
      if (watched === null) this.#byLink.set(link, []);
      else opening.push(watched.then((all) => void this.#byLink.set(link, all)));
    }
    return opening.length === 0 ? this.#known(chain) : Promise.all(opening).then(() => this.#known(chain));
  }

  #known(chain: readonly ChainLink[]): readonly Watched[] {
    const found = chain.flatMap((link) => this.#byLink.get(link) ?? []);
    this.#byChain.set(chain, found);
    return found;
  }
}
