/**
 * Places of plugins' state within a request, kept small over reloads: a request's slots are an array, and a place at 1000
 * would make it that long. A place is free again once its plugin is closed, although requests of the configuration before
 * may still run: each request meets the plugins of one configuration only.
 */
export class SlotPlaces {
  private readonly free: number[] = [];
  private next = 0;

  take(): number {
    return this.free.pop() ?? this.next++;
  }

  giveBack(places: readonly number[]): void {
    this.free.push(...places);
  }
}
