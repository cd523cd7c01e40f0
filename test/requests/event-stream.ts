import type { Embedded } from '../gateway/embedded.js';

export interface TailEvent {
  readonly id: string | null;
  /** '' for a record. */
  readonly name: string;
  readonly data: Record<string, unknown>;
}

/** Reads Server-Sent Events as they come. */
export class EventReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly decoder = new TextDecoder();
  private text = '';

  constructor(readonly answer: Response) {
    this.reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  }

  /** The next event; null at the end. Comments are passed over. */
  async next(): Promise<TailEvent | null> {
    for (;;) {
      const end = this.text.indexOf('\n\n');
      if (end === -1) {
        const { done, value } = await this.reader.read();
        if (done) return null;
        this.text += this.decoder.decode(value, { stream: true });
        continue;
      }
      const lines = this.text.slice(0, end).split('\n');
      this.text = this.text.slice(end + 2);
      const field = (name: string): string | null =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? null;
      const data = field('data');
      if (data === null) continue;
      return {
        id: field('id'),
        name: field('event') ?? '',
        data: JSON.parse(data) as Record<string, unknown>,
      };
    }
  }

  async take(count: number): Promise<TailEvent[]> {
    const events: TailEvent[] = [];
    for (let event = await this.next(); event !== null; event = await this.next())
      if (events.push(event) === count) break;
    return events;
  }

  leave(): Promise<void> {
    return this.reader.cancel();
  }
}

export async function tail(
  gateway: Pick<Embedded, 'fetch'>,
  query: string,
  token: string,
  headers: Record<string, string> = {},
): Promise<EventReader> {
  const answer = await gateway.fetch(`/api/requests/tail?${query}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  return new EventReader(answer);
}
