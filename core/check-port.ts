import { createServer } from 'node:net';
import { StartError } from './start-error.js';

/**
 * Makes sure that nobody listens on the port, and finds a free one for port 0. The server itself could not tell: it shares
 * ports so that several threads can listen, and two gateways would silently share one port too.
 */
export function checkPort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => reject(new StartError(explain(error, host, port))));
    probe.listen({ host, port, exclusive: true }, () => {
      const address = probe.address();
      const found = typeof address === 'object' && address !== null ? address.port : port;
      probe.close(() => resolve(found));
    });
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is in use by another program; stop it, or choose another port with --port or server.port`;
    case 'EACCES':
      return `not allowed to listen on port ${port} of ${host}; ports below 1024 need a privilege`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `this machine has no address ${host}; set --host or server.host to one it has`;
    default:
      return `cannot listen on ${host}:${port}: ${error.message}`;
  }
}
