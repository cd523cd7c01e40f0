/** Where bodies lie, and how they are got again. */
export interface BodyPlace {
  /** What its places begin with. */
  readonly word: string;
  /** How many may be put at the same time. */
  readonly together: number;
  /**
   * Where something will lie, for those that know before it is there. That is noted first: after a killed process nothing lies where
   * nobody knows of it.
   */
  ahead?(id: string, time: number): string;
  /** Keeps bytes, and tells where: a text that begins with the place's own word. Rejects when they cannot be kept. */
  put(id: string, time: number, bytes: Uint8Array): Promise<string>;
  /** Null when they are there no longer. */
  get(place: string): Promise<Uint8Array | null>;
  /** These are needed no longer. Resolves to those that are there no more, and why others are still there. */
  remove(places: readonly string[]): Promise<{ readonly gone: readonly string[]; readonly why?: unknown }>;
  /** What is being put is given up. */
  close(): Promise<void>;
}
