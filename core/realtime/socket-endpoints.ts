import type { WireFormat } from '@headgate/sdk';
import { Endpoint } from '../route/endpoint.js';

const GEMINI = '/ws/google.ai.generativelanguage';
const GEMINI_LIVE = `${GEMINI}.v1beta.GenerativeService.BidiGenerateContent`;
const GEMINI_ALPHA = `${GEMINI}.v1alpha.GenerativeService.BidiGenerateContent`;
const VERTEX = '/ws/google.cloud.aiplatform';
const VERTEX_LIVE = '.LlmBidiService/BidiGenerateContent';

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
  [GEMINI_ALPHA, 'gemini-live-alpha'],
  [`/genai${GEMINI_ALPHA}`, 'gemini-live-alpha'],
  [`${GEMINI_ALPHA}Constrained`, 'gemini-live-constrained'],
  [`/genai${GEMINI_ALPHA}Constrained`, 'gemini-live-constrained'],
  ...['', '/genai'].flatMap((base) =>
    ['v1', 'v1beta1'].map((version) => [`${base}${VERTEX}.${version}${VERTEX_LIVE}`, 'vertex-live'] as const),
  ),
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
    // Google's own client puts its base URL, which ends with a slash, before a path that begins with one.
    return this.byPath.get(path.startsWith('//') ? path.slice(1) : path);
  }
}
