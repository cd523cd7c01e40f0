/** Waits that somebody may end early. One at a time. */
export class Pause {
  private over: (() => void) | null = null;
  /** What the running wait is for; null when there is none. */
  reason: 'records' | 'batch' | 'retry' | null = null;

  /** @param ms null: until it is ended */
  wait(reason: 'records' | 'batch' | 'retry', ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === null ? null : setTimeout(() => this.end(), ms);
      this.reason = reason;
      this.over = () => {
        if (timer !== null) clearTimeout(timer);
        this.over = null;
        this.reason = null;
        resolve();
      };
    });
  }

  end(): void {
    this.over?.();
  }
}
