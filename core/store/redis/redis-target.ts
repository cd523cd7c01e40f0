/** Where Redis or Valkey is. Holds passwords: for the client alone, never for a message. */
export interface RedisTarget {
  /** `redis://` or `rediss://` with user, password and database: the one server, or nodes of a cluster to begin with. */
  readonly urls: readonly string[];
  readonly kind: 'single' | 'cluster' | 'sentinel';
  /** Of sentinels, the name of what they watch. */
  readonly master: string;
}

/** For messages and logs: hosts and ports alone. */
export function shownRedis({ urls, kind, master }: RedisTarget): string {
  const hosts = urls.map((url) => {
    try {
      return new URL(url).host;
    } catch {
      return '…';
    }
  });
  const where = hosts.join(', ');
  return kind === 'single'
    ? where
    : kind === 'cluster'
      ? `the cluster of ${where}`
      : `"${master}" at the sentinels ${where}`;
}
