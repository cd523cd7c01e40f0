/**
 * undici's connection pool without the rest of the package: fetch, caches, mocks and WebSockets are two thirds of it, and
 * every thread would hold them. The path is not part of undici's documented interface; its version is pinned.
 */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export default Pool;
}
