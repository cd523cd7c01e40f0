/** A request that there is no session for. */
export class NoSession extends Error {
  constructor(
    private readonly status: number,
    private readonly code: number,
    message: string,
  ) {
    super(message);
  }

  response(): Response {
    const { status, code, message } = this;
    return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status });
  }
}
