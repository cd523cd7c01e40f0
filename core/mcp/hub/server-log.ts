import type { LogLine } from '../../plugin/logger.js';
import { shortText } from './hidden-words.js';
import { LineSplitter } from './line-splitter.js';

const MOST_BYTES = 8192;
/** Lines of a server that the log takes a second, and its last ones that are kept to say why it ended. */
const A_SECOND = 20;
const LAST = 5;

/** What a server writes to its standard error, in the log of the gateway: some lines a second, none of them long. */
export class ServerLog {
  private readonly splitter: LineSplitter;
  private second = 0;
  private taken = 0;
  private dropped = 0;
  private readonly recent: string[] = [];

  constructor(
    private readonly server: string,
    private readonly hide: (text: string) => string,
    private readonly log: LogLine,
  ) {
    this.splitter = new LineSplitter(MOST_BYTES, {
      line: (text) => this.take(text),
      tooLong: (start) => this.take(start),
    });
  }

  push(chunk: Buffer): void {
    this.splitter.push(chunk);
  }

  /** The last it said, for a message. */
  get last(): string {
    return shortText(this.recent.join(' / '));
  }

  /** Something that the gateway finds about the server. */
  warn(message: string, why: string): void {
    this.log('warn', message, { server: this.server, why: shortText(this.hide(why)) });
  }

  private take(text: string): void {
    const line = shortText(this.hide(text));
    if (line === '') return;
    this.recent.push(line);
    if (this.recent.length > LAST) this.recent.shift();
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.second) {
      if (this.dropped > 0)
        this.log('warn', 'an MCP server writes more than the log takes', {
          server: this.server,
          lines_left_out: this.dropped,
        });
      this.second = second;
      this.taken = 0;
      this.dropped = 0;
    }
    if (this.taken >= A_SECOND) this.dropped++;
    else {
      this.taken++;
      this.log('info', 'an MCP server says', { server: this.server, line });
    }
  }
}
