/** An error that a client is told as an error of the protocol. */
export class Refused extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data: unknown = undefined,
  ) {
    super(message);
  }
}

export const INVALID_PARAMS = -32_602;
export const INTERNAL = -32_603;
