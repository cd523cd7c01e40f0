import { startMockServer } from '../plugins/providers/mock/server.js';
import { type Flags, UsageError } from './flags.js';

const DEFAULT_PORT = 9001;

/** `headgate mock`: the mock provider as a server of its own, until it is stopped. */
export async function mockCommand(flags: Flags): Promise<void> {
  const port = flags.port === undefined ? DEFAULT_PORT : Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--port ${flags.port} is not a port`);
  const server = await startMockServer({ port, host: flags.host ?? '127.0.0.1' });
  process.stderr.write(`headgate mock: listening on http://${flags.host ?? '127.0.0.1'}:${server.port}/v1\n`);
  const stop = (): void => {
    server.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
