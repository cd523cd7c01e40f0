/** The little of the package that the tests use. */
declare module 'oidc-provider' {
  import type { Server } from 'node:http';

  /** Of a request to the token endpoint. */
  export interface TokenContext {
    readonly oidc: {
      readonly params: Readonly<Record<string, string | undefined>>;
      readonly client: { readonly clientId: string };
    };
    body: unknown;
    status: number;
  }

  export default class Provider {
    constructor(issuer: string, settings: object);
    listen(port: number, host: string, ready: () => void): Server;
    registerGrantType(
      name: string,
      handler: (context: TokenContext, next: () => Promise<void>) => Promise<void>,
      parameters: readonly string[],
      duplicates?: readonly string[],
    ): void;
    on(event: string, listener: (...told: never[]) => void): void;
  }
}
