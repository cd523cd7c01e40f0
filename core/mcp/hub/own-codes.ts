/** Codes of answers that are made here in the place of a server's; JSON-RPC leaves them to us. */
export const UNREACHABLE = -32097;
export const TOO_LARGE = -32098;
export const CUT_OFF = -32099;
