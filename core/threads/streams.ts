import type { HeaderList } from '@headgate/sdk';
import type { Control } from '../control.js';
import type { McpQuestion, McpReport, McpToldAnswer } from '../mcp/front-protocol.js';
import type { AnswerStream, StreamAsk, StreamSource } from '../streamed.js';
import type { Handlers, Rpc } from './rpc.js';

/** What becomes of an answer, from the main thread to an I/O thread. */
type Piece =
  | { readonly what: 'start'; readonly status: number; readonly headers: HeaderList; readonly stays: boolean }
  | { readonly what: 'write'; readonly bytes: Uint8Array }
  | { readonly what: 'end' | 'detach' }
  | { readonly what: 'fail'; readonly why: string }
  | { readonly what: 'withdraw'; readonly question: string };

/** What becomes of its client, the other way. */
type Feedback =
  | { readonly what: 'took'; readonly bytes: number }
  | { readonly what: 'report'; readonly report: McpReport }
  | { readonly what: 'left' | 'stop' };

/** Streamed answers of the main thread as an I/O thread sees them. */
export class AwaitedStreams {
  private readonly open = new Map<number, AnswerStream>();
  private ids = 0;
  /** For the port to the main thread. */
  readonly handlers: Handlers = {
    streamPiece: (id: number, piece: Piece) => this.take(id, piece),
    streamAsk: (id: number, question: McpQuestion): Promise<McpToldAnswer> =>
      this.open.get(id)?.ask(question) ?? Promise.reject(new Error('the client is gone')),
  };

  begin(rpc: Rpc, asked: StreamAsk, to: AnswerStream): StreamSource {
    const id = ++this.ids;
    this.open.set(id, to);
    rpc.notice('streamBegin', id, asked);
    const tell = (feedback: Feedback): void => rpc.notice('streamFeedback', id, feedback);
    return {
      took: (bytes) => tell({ what: 'took', bytes }),
      report: (report) => tell({ what: 'report', report }),
      left: () => tell({ what: 'left' }),
      stop: () => {
        if (this.open.delete(id)) tell({ what: 'stop' });
      },
    };
  }

  private take(id: number, piece: Piece): void {
    const to = this.open.get(id);
    if (to === undefined) return;
    if (piece.what === 'end' || piece.what === 'fail') this.open.delete(id);
    switch (piece.what) {
      case 'start':
        to.start(piece.status, piece.headers, piece.stays);
        break;
      case 'write':
        to.write(piece.bytes);
        break;
      case 'end':
        to.end();
        break;
      case 'detach':
        to.detach();
        break;
      case 'fail':
        to.fail(piece.why);
        break;
      case 'withdraw':
        to.withdraw(piece.question);
    }
  }
}

/** The same as the main thread sees them, for one I/O thread. */
export class ServedStreams {
  private readonly open = new Map<number, StreamSource>();

  /** For the port to the I/O thread. */
  handlers(rpc: () => Rpc, control: Pick<Control, 'stream'>): Handlers {
    return {
      streamBegin: (id: number, asked: StreamAsk) => this.begin(rpc(), control, id, asked),
      streamFeedback: (id: number, feedback: Feedback) => this.take(id, feedback),
    };
  }

  /** The I/O thread is gone, and all its clients with it. */
  stopAll(): void {
    for (const source of this.open.values()) source.stop();
    this.open.clear();
  }

  private begin(rpc: Rpc, control: Pick<Control, 'stream'>, id: number, asked: StreamAsk): void {
    const tell = (piece: Piece): void => rpc.notice('streamPiece', id, piece);
    let over = false;
    const last = (piece: Piece): void => {
      over = true;
      this.open.delete(id);
      tell(piece);
    };
    const source = control.stream(asked, {
      start: (status, headers, stays) => tell({ what: 'start', status, headers, stays }),
      write: (bytes) => tell({ what: 'write', bytes }),
      detach: () => tell({ what: 'detach' }),
      end: () => last({ what: 'end' }),
      fail: (why) => last({ what: 'fail', why }),
      ask: (question) => rpc.call<McpToldAnswer>('streamAsk', id, question),
      withdraw: (question) => tell({ what: 'withdraw', question }),
    });
    if (!over) this.open.set(id, source);
  }

  private take(id: number, feedback: Feedback): void {
    const source = this.open.get(id);
    if (source === undefined) return;
    if (feedback.what === 'took') source.took(feedback.bytes);
    else if (feedback.what === 'report') source.report(feedback.report);
    else if (feedback.what === 'left') source.left();
    else {
      this.open.delete(id);
      source.stop();
    }
  }
}
