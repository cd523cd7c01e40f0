/** A start that failed, with words for people. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
