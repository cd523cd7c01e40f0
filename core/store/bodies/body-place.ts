/** Where bodies lie, and how they are got again. */
export interface BodyPlace {
  /** Keeps bytes, and tells where: a text that begins with the place's own word. Rejects when they cannot be kept. */
  put(id: string, time: number, bytes: Uint8Array): Promise<string>;
  /** Null when they are there no longer. */
  get(place: string): Promise<Uint8Array | null>;
  /** These are needed no longer. */
  remove(places: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
