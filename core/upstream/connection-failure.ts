const timeouts = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

const plain: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'its host name could not be looked up',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  EPIPE: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
};

/** Which kind of failure a transport error is, and the words for it: no addresses and no stack. */
export function connectionFailure(error: Error): ['timeout' | 'connection', string] {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const why = plain[code] ?? (code === '' ? 'the connection failed' : `the connection failed (${code})`);
  return [timeouts.has(code) ? 'timeout' : 'connection', why];
}
