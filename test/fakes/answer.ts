/** What a model says, in no provider's words: each fake writes it in its own wire format. */
export interface Answer {
  text?: string;
  refusal?: string;
  thinking?: string;
  /** Anthropic's proof of `thinking`. */
  signature?: string;
  /** Anthropic's `redacted_thinking.data`. */
  redacted?: string;
  toolCalls?: ToolCall[];
  /** The provider's own word for why it ended; derived from the rest when absent. */
  finish?: string;
  usage?: Partial<Tokens>;
}

interface ToolCall {
  id?: string;
  name: string;
  /** JSON text, sent exactly so: a model may write invalid JSON. */
  arguments: string;
}

/** Inclusive counts: `input` holds both cache parts, `output` holds `reasoning`. */
interface Tokens {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  reasoning: number;
}

export function tokensOf(answer: Answer): Tokens {
  return { input: 20, output: 10, cacheRead: 0, cacheWrite: 0, reasoning: 0, ...answer.usage };
}

/** Splits text as models stream it, a few characters at a time; joined again it is the same text. */
export function fragments(text: string, size = 6): string[] {
  const found: string[] = [];
  const points = [...text];
  for (let i = 0; i < points.length; i += size) found.push(points.slice(i, i + size).join(''));
  return found;
}
