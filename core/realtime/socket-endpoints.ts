import type { WireFormat } from '@headgate/sdk';
import { Endpoint } from '../route/endpoint.js';

const GEMINI_LIVE = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';

/** Client API paths at which a WebSocket is spoken, and the wire format spoken there. */
const socketPaths: readonly (readonly [path: string, format: string])[] = [
  ['/v1/realtime', 'openai-realtime'],
  ['/openai/v1/realtime', 'openai-realtime'],
  // Azure OpenAI's older address.
  ['/openai/realtime', 'openai-realtime'],
  ['/v1/responses', 'openai-responses-socket'],
  ['/openai/v1/responses', 'openai-responses-socket'],
  [GEMINI_LIVE, 'gemini-live'],
  [`/genai${GEMINI_LIVE}`, 'gemini-live'],
];

/** Where WebSockets are served. A reload may add some and takes none away. */
export class SocketEndpoints {
  private readonly byPath = new Map<string, Endpoint>();

  add(formats: ReadonlyMap<string, WireFormat>): void {
    for (const [path, id] of socketPaths) {
      const format = formats.get(id);
      if (format?.socket === undefined || this.byPath.has(path)) continue;
      this.byPath.set(path, new Endpoint(path, format, []));
    }
  }

  at(path: string): Endpoint | undefined {
    return this.byPath.get(path);
  }
}
