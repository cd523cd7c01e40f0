/** Why the store did not do what it was asked. `code` is the one of the gateway's error. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly code:
      | 'entity_unknown'
      | 'entity_exists'
      | 'version_conflict'
      | 'entity_in_use'
      | 'entity_invalid',
    why: string,
  ) {
    super(why);
  }
}
