import type { SettledDetail, SinkRow, SinkVerdict } from '@headgate/sdk';
import type { MsgHdrs, NatsConnection } from 'nats';
import { recordJson } from './record-json.js';
import { optional, text } from './setting.js';

const SILENT = 'it does not answer';
/** How long a server, or a stream, may take to say that it has a message. */
const TIMEOUT_MS = 5_000;

/** NATS, by `nats`, which is installed beside Headgate by those who use it. */
export const nats: SinkRow = {
  id: 'nats',
  title: 'NATS',
  docs: 'https://docs.nats.io/reference/reference-protocols/nats-protocol',
  sends: 'messages',
  settings: {
    servers: text('servers, `host:port`, with commas between them', 'NATS_URL'),
    subject: optional('subject', 'headgate.requests'),
    jetstream: {
      type: 'flag',
      about:
        'a stream must say of each message that it keeps it; false: the server has taken it, whoever listens',
      default: false,
    },
    token: { type: 'secret', about: 'token; in its place', env: ['NATS_TOKEN'] },
    username: optional('a user'),
    password: { type: 'secret', about: 'and a password', env: ['NATS_PASSWORD'] },
  },
  async open(values) {
    const { connect, headers } = await import('nats').catch(() => {
      throw new Error('the package nats is not installed: npm install nats');
    });
    const [token, user] = [values.text('token'), values.text('username')];
    const open = async (): Promise<Connected> =>
      new Connected(
        await connect({
          servers: values.text('servers').split(','),
          name: 'headgate',
          timeout: TIMEOUT_MS,
          // It would give up for good after a while, and send what it held beside what is tried again.
          reconnect: false,
          ...(token !== '' ? { token } : {}),
          ...(token === '' && user !== '' ? { user, pass: values.text('password') } : {}),
        }),
        values.text('subject'),
        headers,
      );
    let connected = await open();
    return {
      async send(details) {
        if (connected.isClosed) connected = await open();
        return values.flag('jetstream') ? connected.keep(details) : connected.publish(details);
      },
      close: () => connected.close(),
    };
  },
};

/** One connection, for as long as it holds. */
class Connected {
  /** What the server has refused since it was last asked; it says so of messages that it took long before. */
  private denied: string | null = null;
  /** Ends the wait for an answer that will not come. */
  private onLost: (error: Error) => void = () => {};

  constructor(
    private readonly connection: NatsConnection,
    private readonly subject: string,
    private readonly headers: () => MsgHdrs,
  ) {
    void this.hear().catch(() => {});
    void connection.closed().then((why) => this.onLost(why ?? new Error('the connection was closed')));
  }

  get isClosed(): boolean {
    return this.connection.isClosed();
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /** Taken when the server has read all of it and refused nothing: it says so before it answers to the flush. */
  async publish(details: readonly SettledDetail[]): Promise<SinkVerdict> {
    this.denied = null;
    let refused = 0;
    for (const detail of details) {
      try {
        this.connection.publish(this.subject, ...this.messageOf(detail));
      } catch (error) {
        if (!isTooLarge(error)) throw error;
        refused++;
      }
    }
    await this.flush();
    await this.heard();
    // Which of them it was is not said.
    if (this.denied !== null) return { kind: 'later', why: this.denied };
    return taken(refused);
  }

  /** The client waits for ever where the connection is lost, and for minutes where nobody is at its other end. */
  private async flush(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.onLost = reject;
        timer = setTimeout(() => reject(new Error(SILENT)), TIMEOUT_MS);
        this.connection.flush().then(resolve, reject);
      });
    } catch (error) {
      // What was left in it is told again over another one.
      void this.connection.close().catch(() => {});
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Taken when a stream has said so of each. */
  async keep(details: readonly SettledDetail[]): Promise<SinkVerdict> {
    this.denied = null;
    const stream = this.connection.jetstream({ timeout: TIMEOUT_MS });
    const answers = await Promise.allSettled(
      details.map(async (detail) => stream.publish(this.subject, ...this.messageOf(detail))),
    );
    await this.heard();
    const only: number[] = [];
    let refused = 0;
    let why: string | undefined;
    for (const [place, answer] of answers.entries()) {
      if (answer.status === 'fulfilled') continue;
      if (isTooLarge(answer.reason)) refused++;
      else {
        only.push(place);
        why ??= reasonOf(answer.reason);
      }
    }
    if (only.length === 0) return taken(refused);
    // Perhaps nobody is at its other end, which the client finds out after minutes.
    if (why === SILENT) void this.connection.close().catch(() => {});
    return { kind: 'later', why: this.denied ?? why ?? '', only, refused };
  }

  /** With JetStream behind the subject, what is told twice is kept once. */
  private messageOf(detail: SettledDetail): [payload: string, options: { headers: MsgHdrs }] {
    const headers = this.headers();
    headers.set('Nats-Msg-Id', detail.record.id);
    return [JSON.stringify(recordJson(detail)), { headers }];
  }

  private async hear(): Promise<void> {
    for await (const { type, data } of this.connection.status())
      if (type === 'error')
        this.denied = `it refused what was published to "${this.subject}": ${String(data)}`;
  }

  /** What the server has said before it answered is told step by step. */
  private heard(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

function taken(refused: number): SinkVerdict {
  return refused === 0
    ? { kind: 'taken' }
    : { kind: 'taken', refused, why: `it takes no messages as large as ${refused} of them` };
}

/** The server's limit on messages, as the client knows it, and that of a stream. */
function isTooLarge(error: unknown): boolean {
  const { code, api_error: said } = error as { code?: unknown; api_error?: { err_code?: number } };
  return code === 'MAX_PAYLOAD_EXCEEDED' || said?.err_code === STREAM_MAXIMUM;
}

/** JSStreamMessageExceedsMaximumErr: https://github.com/nats-io/nats-server/blob/main/server/errors.json. */
const STREAM_MAXIMUM = 10_054;

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === '503') return 'no stream keeps what is published there, or it does not answer';
  return code === 'TIMEOUT' ? SILENT : String(message ?? error);
}
