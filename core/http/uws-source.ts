import type { HttpResponse } from 'uWebSockets.js';
import type { BodySource } from './streamed-body.js';
import type { UwsSink } from './uws-sink.js';

/** The client's connection as the source of an upload. It must not be touched once the answer is out or the client gone. */
export class UwsSource implements BodySource {
  constructor(
    private readonly res: HttpResponse,
    private readonly sink: UwsSink,
  ) {}

  pause(): void {
    if (!this.sink.gone) this.res.pause();
  }

  resume(): void {
    if (!this.sink.gone) this.res.resume();
  }
}
