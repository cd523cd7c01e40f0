import { parentPort, workerData } from 'node:worker_threads';
import type { LedgerMessage, LedgerRequest, LedgerSettings } from './ledger-protocol.js';
import { LedgerService } from './ledger-service.js';

/**
 * Entry of the ledger's thread. It ends by itself once it was told to close and nothing is left to write. An error that
 * nobody caught does not end it: the main thread then stops the gateway, and what comes in meanwhile is kept as ever.
 */
const parent = parentPort;
if (parent !== null) void run(workerData as LedgerSettings, (message) => parent.postMessage(message));

async function run(settings: LedgerSettings, send: (message: LedgerMessage) => void): Promise<void> {
  let service: LedgerService;
  try {
    service = await LedgerService.start(settings, (health) => send({ type: 'health', health }));
  } catch (error) {
    send({ type: 'failed', message: text(error) });
    parent?.close();
    return;
  }
  const broken = (error: unknown): void => send({ type: 'broken', why: stackOf(error) });
  process.on('uncaughtException', broken);
  process.on('unhandledRejection', broken);
  parent?.on('message', (message: LedgerRequest) => receive(service, message, send));
  send({ type: 'ready' });
}

function receive(
  service: LedgerService,
  message: LedgerRequest,
  send: (message: LedgerMessage) => void,
): void {
  if (message.type === 'ask') {
    const { id } = message;
    service.answer(message.question, message.ask).then(
      (value) => send({ type: 'answer', id, value }),
      (error: unknown) => send({ type: 'refused', id, message: text(error) }),
    );
  } else if (message.type === 'close') {
    service.close().then(
      () => parent?.close(),
      (error: unknown) => {
        send({ type: 'broken', why: stackOf(error) });
        // Half closed, something may be left that keeps the thread for ever. What is in the spool is there at the next start.
        process.exit(1);
      },
    );
  } else service.tell(message);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
