import type { Message, Part, RunItem, ServerToolItems, ToolResultPart } from '@headgate/sdk';

/** A call that waited for its client, who has agreed to it. */
export interface AgreedCall {
  /** The server as the request called it. */
  readonly server: string;
  readonly tool: string;
  readonly arguments: string;
  /** Id of the question. */
  readonly question: string;
  /** Where the model is told the result. */
  readonly place: ToolResultPart;
}

/** A conversation in terms that every provider knows. */
export interface EarlierRuns {
  readonly messages: Message[];
  readonly agreed: readonly AgreedCall[];
  /** Servers whose tools the conversation has told already. */
  readonly listed: ReadonlySet<string>;
}

type Question = Extract<RunItem, { kind: 'question' }>;
type Reply = Extract<RunItem, { kind: 'reply' }>;

/**
 * What earlier runs left in a conversation (calls that ran elsewhere, questions and the replies to them) turned into calls of
 * functions and their results. A question without a reply is taken out: the model may ask again. What servers did that are
 * not the gateway's stays as it is.
 */
export function earlierRuns(
  messages: readonly Message[],
  origin: string,
  items: ServerToolItems,
  nameOf: (server: string, tool: string) => string,
  isOurs: (server: string) => boolean,
): EarlierRuns {
  const every = (part: Part): RunItem | null =>
    part.type === 'opaque' && part.format === origin ? items.read(part.value) : null;
  const { replies, done, listed, foreign } = overview(messages, every, isOurs);
  const read = (part: Part): RunItem | null => {
    const item = every(part);
    if (item === null) return null;
    return (item.kind === 'reply' ? foreign.has(item.question) : !isOurs(item.server)) ? null : item;
  };
  const agreed: AgreedCall[] = [];
  const told: Message[] = [];
  for (const message of messages) {
    if (message.role !== 'assistant' || !message.parts.some((part) => read(part) !== null)) {
      told.push(message);
      continue;
    }
    const turn = new Turn(message, told);
    for (const part of message.parts) {
      const item = read(part);
      if (item === null) turn.say(part);
      else if (item.kind === 'call') {
        const name = nameOf(item.server, item.tool);
        turn.call(item, name, resultOf(item.id, item.output, item.failed));
      } else if (item.kind === 'question' && !done.has(item.id)) question(turn, item, replies.get(item.id));
    }
    turn.end();
  }
  return { messages: told, agreed, listed };

  function question(turn: Turn, item: Question, reply: Reply | undefined): void {
    if (reply === undefined) return;
    const why = reply.reason === '' ? 'The user did not agree to this call.' : reply.reason;
    const place = resultOf(item.id, reply.approve ? '' : why, !reply.approve);
    turn.call(item, nameOf(item.server, item.tool), place);
    if (!reply.approve) return;
    const { server, tool, arguments: args, id } = item;
    agreed.push({ server, tool, arguments: args, question: id, place });
  }
}

function overview(
  messages: readonly Message[],
  read: (part: Part) => RunItem | null,
  isOurs: (server: string) => boolean,
) {
  const foreign = new Set<string>();
  const replies = new Map<string, Reply>();
  const done = new Set<string>();
  const listed = new Set<string>();
  for (const { parts } of messages)
    for (const part of parts) {
      const item = read(part);
      if (item?.kind === 'reply') replies.set(item.question, item);
      else if (item?.kind === 'call' && item.question !== '') done.add(item.question);
      else if (item?.kind === 'list') listed.add(item.server);
      else if (item?.kind === 'question' && !isOurs(item.server)) foreign.add(item.id);
    }
  return { replies, done, listed, foreign };
}

function resultOf(callId: string, text: string, isError: boolean): ToolResultPart {
  return { type: 'tool-result', callId, content: [{ type: 'text', text }], ...(isError && { isError }) };
}

/** One turn of the model, divided where results come in between. */
class Turn {
  private parts: Part[] = [];
  private results: ToolResultPart[] = [];

  constructor(
    private readonly message: Message,
    private readonly into: Message[],
  ) {}

  say(part: Part): void {
    if (this.results.length > 0) this.end();
    this.parts.push(part);
  }

  call(
    item: { readonly id: string; readonly arguments: string },
    name: string,
    result: ToolResultPart,
  ): void {
    this.parts.push({ type: 'tool-call', id: item.id, name, arguments: item.arguments });
    this.results.push(result);
  }

  end(): void {
    if (this.parts.length > 0) this.into.push({ ...this.message, parts: this.parts });
    for (const result of this.results) this.into.push({ role: 'tool', parts: [result] });
    this.parts = [];
    this.results = [];
  }
}
