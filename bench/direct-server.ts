import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { EVERYTHING } from './everything-server.js';

/** Calls `echo` with these words; resolves to what it says. */
export type Echo = (words: string) => Promise<string>;

/**
 * The client library's transport with its messages in line. Of a thousand at once each would wait for room in the pipe with a
 * listener of its own, of which Node warns as of a leak.
 */
class InLine extends StdioClientTransport {
  private last: Promise<void> = Promise.resolve();

  override send(message: Parameters<StdioClientTransport['send']>[0]): Promise<void> {
    const sent = this.last.then(() => super.send(message));
    this.last = sent.catch(() => {});
    return sent;
  }
}

/** The reference server as a program would have it that has it to itself. */
export async function directServer(): Promise<{ echo: Echo; close(): Promise<void> }> {
  const client = new Client({ name: 'bench', version: '1' });
  await client.connect(new InLine({ ...EVERYTHING, stderr: 'ignore' }));
  return {
    async echo(message) {
      const result = await client.callTool({ name: 'echo', arguments: { message } });
      return (result.content[0] as { text: string }).text;
    },
    close: () => client.close(),
  };
}
