import type { HeaderList, Transport, UpstreamRequest } from '@headgate/sdk';
import type { ProviderKey } from '../core/route/key-ring.js';
import { connectionFailure } from '../core/upstream/connection-failure.js';

export type Answer =
  | { kind: 'answer'; status: number; headers: HeaderList; body: string; ms: number }
  | { kind: 'unsigned'; why: string }
  | { kind: 'unreachable'; why: string };

const TIMEOUT_MS = 60_000;
/** More than any answer to a tiny request. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Signs and sends one request, and waits for all of its answer. */
export async function send(
  transport: Transport,
  key: ProviderKey,
  request: UpstreamRequest,
): Promise<Answer> {
  try {
    await key.sign?.(request);
  } catch (error) {
    return { kind: 'unsigned', why: error instanceof Error ? error.message : String(error) };
  }
  const start = performance.now();
  return new Promise((resolve) => {
    let status = 0;
    let headers: HeaderList = [];
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    const call = transport.dispatch(request, {
      head(code, list) {
        status = code;
        headers = [...list];
      },
      data(chunk) {
        size += chunk.length;
        if (size <= MAX_BYTES) chunks.push(Buffer.from(chunk));
        return true;
      },
      end() {
        const body = Buffer.concat(chunks).toString('utf8');
        end({ kind: 'answer', status, headers, body, ms: Math.round(performance.now() - start) });
      },
      error: (error) => end({ kind: 'unreachable', why: connectionFailure(error)[1] }),
    });
    const timer = setTimeout(() => {
      call.abort();
      end({ kind: 'unreachable', why: `no answer within ${TIMEOUT_MS / 1000} s` });
    }, TIMEOUT_MS);
  });
}
