/** Lines of the log that were written last, for whoever looks for what went wrong. Bounded by their length. */
const MOST_CHARS = 512 * 1024;

export class RecentLines {
  private readonly kept: string[] = [];
  private chars = 0;

  /** @param lines one or several, each with its line feed */
  keep(lines: string): void {
    this.kept.push(lines);
    this.chars += lines.length;
    while (this.chars > MOST_CHARS && this.kept.length > 1)
      this.chars -= (this.kept.shift() as string).length;
  }

  /** The last of them, the oldest first. */
  last(most: number): string[] {
    return this.kept.join('').trimEnd().split('\n').slice(-most);
  }
}
