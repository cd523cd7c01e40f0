import type { ChainLink, Principal } from '@headgate/sdk';

/**
 * What a plugin counts for principals: for those it was told of by their id, and for those whose chain says so, from when they
 * are first seen. A changed rule is another link.
 */
export class WatchedPrincipals<Watched> {
  readonly #byId = new Map<string, Watched>();
  /** Of principals that were seen: what is watched of them, null when nothing is. */
  readonly #byLink: WeakMap<ChainLink, Watched | null> | null;

  /**
   * @param chain whether chains count
   * @param open what is watched for a link's own rules; null when it has none
   */
  constructor(
    chain: boolean,
    private readonly open: (link: ChainLink) => Promise<Watched> | null,
  ) {
    this.#byLink = chain ? new WeakMap() : null;
  }

  set(id: string, watched: Watched): void {
    this.#byId.set(id, watched);
  }

  /** False when nothing can be watched of the principal of that id. */
  mayHave(id: string): boolean {
    return this.#byLink !== null || this.#byId.has(id);
  }

  /** What is watched of the principal; a promise the first time that its chain is seen. */
  of(principal: Principal): Watched | null | Promise<Watched> {
    const known = this.#byId.get(principal.id);
    const link = principal.chain?.[0];
    if (known !== undefined || link === undefined || this.#byLink === null) return known ?? null;
    const seen = this.#byLink.get(link);
    if (seen !== undefined) return seen;
    const opening = this.open(link);
    if (opening === null) {
      this.#byLink.set(link, null);
      return null;
    }
    return opening.then((watched) => {
      this.#byLink?.set(link, watched);
      return watched;
    });
  }
}
