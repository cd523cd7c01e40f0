import { type HeaderList, headerOf, type UpstreamSink } from '@headgate/sdk';

/**
 * Sound as events, for clients that want `stream_format: "sse"` of a provider that sends bytes: `speech.audio.delta` with
 * base64, then `speech.audio.done`, https://platform.openai.com/docs/api-reference/audio/speech-audio-delta-event.
 */
export class SoundEvents implements UpstreamSink {
  private sound = false;

  constructor(private readonly sink: UpstreamSink) {}

  head(status: number, headers: HeaderList): void {
    this.sound = status < 300 && !/json/i.test(headerOf(headers, 'content-type') ?? '');
    this.sink.head(status, this.sound ? withType(headers) : headers);
  }

  data(chunk: Buffer): boolean {
    return this.sink.data(
      this.sound ? eventOf({ type: 'speech.audio.delta', audio: chunk.toString('base64') }) : chunk,
    );
  }

  end(): void {
    if (this.sound) this.sink.data(eventOf({ type: 'speech.audio.done' }));
    this.sink.end();
  }

  error(error: Error): void {
    this.sink.error(error);
  }
}

function withType(headers: HeaderList): HeaderList {
  const others = headers.filter(
    (_, i) => !['content-type', 'content-length'].includes(headers[i - (i % 2)] as string),
  );
  return ['content-type', 'text/event-stream', ...others];
}

function eventOf(event: object): Buffer {
  return Buffer.from(`data: ${JSON.stringify(event)}\n\n`);
}
