/** The little of the package that the tests use. */
declare module 'oidc-provider' {
  import type { Server } from 'node:http';

  export default class Provider {
    constructor(issuer: string, settings: object);
    listen(port: number, host: string, ready: () => void): Server;
  }
}
