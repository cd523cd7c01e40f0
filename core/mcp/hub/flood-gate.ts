/** More than that a second is no conversation. */
const A_SECOND = 2000;

/** Lets so many messages pass that nobody asked for, and no more. */
export class FloodGate {
  private second = 0;
  private count = 0;

  passes(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.count = 0;
    }
    return ++this.count <= A_SECOND;
  }
}
