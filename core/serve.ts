import { checkPort } from './check-port.js';
import { createGateway, type GatewayParts, type RunningGateway } from './gateway.js';
import type { LogLine } from './plugin/logger.js';
import { afterBoot } from './threads/heap-size.js';

export interface ServeOptions extends GatewayParts {
  readonly threadEntry: URL;
}

/** The gateway as a process: it listens from its start on, and the memory of all threads is its own. */
export class Gateway {
  private constructor(
    private readonly running: RunningGateway,
    readonly url: string,
  ) {}

  /** Resolves when requests are answered. Rejects with a StartError or a ConfigError, and leaves nothing behind then. */
  static async start(options: ServeOptions): Promise<Gateway> {
    const { host, port } = options.loaded.config.server;
    // First of all: that it runs twice is the usual mistake, and this its clearest sign.
    const free = await checkPort(host, port);
    const running = await createGateway(options);
    try {
      const url = await running.listen(free);
      afterBoot(running.threads);
      return new Gateway(running, url);
    } catch (error) {
      await running.close();
      throw error;
    }
  }

  /** Loads the configuration again; an invalid one is refused with its error and the old one stays. */
  reload(): Promise<boolean> {
    return this.running.reload();
  }

  /** The admin token, if this start has made it: to be told once. */
  get madeToken(): string | null {
    return this.running.madeToken;
  }

  log: LogLine = (level, message, fields) => this.running.log(level, message, fields);

  /** No new requests; running ones end; everything recorded is kept. Resolves to whether all requests ended in time. */
  stop(): Promise<boolean> {
    return this.running.close();
  }

  /** A stop that runs, or comes, waits for no request any longer. */
  hurry(): void {
    this.running.hurry();
  }
}
