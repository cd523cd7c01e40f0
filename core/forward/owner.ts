/** Who made an object: no other provider, and no other account there, knows its id. */
export interface Owner {
  readonly provider: string;
  /** Name of the provider's key. */
  readonly key: string;
}

/** An object's id and its owner. */
export interface OwnedObject extends Owner {
  readonly id: string;
  /** An answer of a model: there are many, and none is kept for long. */
  readonly answers?: boolean;
}
