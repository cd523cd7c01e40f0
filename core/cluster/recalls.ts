/** Other nodes are waited for no longer than that, milliseconds: one that is gone says nothing. */
const MOST_MS = 30;

interface Recall {
  left: number;
  readonly promise: Promise<void>;
  readonly done: () => void;
}

/** Questions to the other nodes for what they do not need of a counter, one a counter at a time. */
export class Recalls {
  private readonly open = new Map<string, Recall>();

  constructor(
    private readonly ask: (key: string) => void,
    private readonly others: () => number,
  ) {}

  /** Resolves when all have answered, or soon. */
  recall(key: string): Promise<void> {
    const known = this.open.get(key);
    if (known !== undefined) return known.promise;
    const left = this.others();
    if (left < 1) return Promise.resolve();
    let done = (): void => {};
    const promise = new Promise<void>((resolve) => {
      const timer = setTimeout(() => done(), MOST_MS);
      done = () => {
        clearTimeout(timer);
        this.open.delete(key);
        resolve();
      };
    });
    this.open.set(key, { left, promise, done: () => done() });
    this.ask(key);
    return promise;
  }

  /** One has answered. */
  given(key: string): void {
    const recall = this.open.get(key);
    if (recall !== undefined && --recall.left <= 0) recall.done();
  }
}
