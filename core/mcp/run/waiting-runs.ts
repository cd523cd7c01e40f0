import { randomBytes } from 'node:crypto';
import type { Message } from '@headgate/sdk';
import { GatewayError, gatewayError } from '../../errors.js';
import type { Exchange } from '../../exchange.js';
import { storeTrouble } from '../../kept/background.js';
import type { KeptAnswer } from '../../kept/kept-answer.js';
import type { RunCall } from './run-calls.js';
import type { WaitingCall } from './run-plan.js';

/** Runs that wait for their clients are kept with the answers that are, for as long, under ids of their own. */
const PREFIX = 'run_hg';

interface Kept {
  readonly format: string;
  readonly model: string;
  readonly messages: readonly Message[];
  readonly calls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
}

/** Nobody can guess it. */
export function newRunId(): string {
  return `${PREFIX}_${randomBytes(18).toString('hex')}`;
}

/** Keeps a run until its client comes back to it. Rejects with a GatewayError when that cannot be done. */
export async function keepWaiting(
  x: Exchange,
  id: string,
  messages: readonly Message[],
  calls: readonly RunCall[],
): Promise<void> {
  const { maxBytes, maxTotalBytes, keepMs } = x.runtime.config.responses;
  const kept: Kept = {
    format: x.endpoint.format.id,
    model: x.model,
    messages,
    calls: calls.map(({ id, name, arguments: args }) => ({ id, name, arguments: args })),
  };
  const input = JSON.stringify(kept);
  if (Buffer.byteLength(input) > maxBytes) throw gatewayError('conversation_too_large', { limit: maxBytes });
  const row: KeptAnswer = {
    id,
    keyId: x.principal?.id ?? '',
    state: 'done',
    background: false,
    recorded: false,
    expiresMs: Date.now() + keepMs,
    input,
    answer: '{}',
  };
  try {
    await x.io.control.kept({ do: 'put', ask: { row, maxTotalBytes } });
  } catch (error) {
    throw storeTrouble(x, error);
  }
}

export interface ResumedRun {
  readonly messages: readonly Message[];
  readonly calls: readonly WaitingCall[];
}

/** The run that the request comes back to, with what its client says to each call. It can be gone on with once. */
export async function takeWaiting(x: Exchange, id: string): Promise<ResumedRun> {
  const ask = { id, keyId: x.principal?.id ?? '' };
  const unknown = (): GatewayError =>
    gatewayError('mcp_run_unknown', { id: id.slice(0, 100), path: x.incoming.path, model: x.model });
  const words = agreedIn(x.header('x-headgate-approve'));
  if (!id.startsWith(PREFIX)) throw unknown();
  try {
    const row = (await x.io.control.kept({ do: 'find', ask })) as KeptAnswer | null;
    if (row === null) throw unknown();
    const { format, model, messages, calls } = JSON.parse(row.input) as Kept;
    if (format !== x.endpoint.format.id || model !== x.model) throw unknown();
    const agrees = agreement(
      words,
      calls.map((call) => call.id),
    );
    // Of two that come at once, one has it.
    if ((await x.io.control.kept({ do: 'delete', ask })) === null) throw unknown();
    return {
      messages,
      calls: calls.map((call) => ({ ...call, agreed: agrees(call.id) })),
    };
  } catch (error) {
    throw error instanceof GatewayError ? error : storeTrouble(x, error);
  }
}

function agreedIn(text: string | undefined): string[] {
  if (text !== undefined && text.trim() !== '') return text.split(',').map((id) => id.trim());
  throw gatewayError('invalid_header', {
    name: 'x-headgate-approve',
    why: 'beside x-headgate-run it must be all, none, or ids of calls, set apart by commas',
  });
}

function agreement(words: readonly string[], ids: readonly string[]): (id: string) => boolean {
  if (words.length === 1 && words[0] === 'all') return () => true;
  if (words.length === 1 && words[0] === 'none') return () => false;
  for (const word of words)
    if (!ids.includes(word))
      throw gatewayError('invalid_header', {
        name: 'x-headgate-approve',
        why: `no call with the id ${JSON.stringify(word.slice(0, 100))} waits in this run`,
      });
  return (id) => words.includes(id);
}
