import type { PlacedTool } from '../code/program-tools.js';
import type { ToolVectors } from './tool-vectors.js';
import { WordIndex } from './word-index.js';
import { wordsOf } from './words.js';

/** Letters of a question that are looked at. */
const MOST_TEXT = 4000;
/** How little the first places count before the next ones, where two orders are joined (reciprocal rank fusion). */
const EVEN = 60;

/** Finds tools by what is said of them, among those that a request may use. */
export class ToolSearch<T extends PlacedTool> {
  constructor(
    private readonly tools: readonly T[],
    /** By id of the servers that these are of. */
    private readonly indexes: ReadonlyMap<string, WordIndex>,
    /** Null: by words alone. */
    private readonly vectors: ToolVectors | null,
  ) {}

  /** The best first; where words alone count, only those that have one of them. */
  async find(question: string, most: number): Promise<T[]> {
    const text = question.slice(0, MOST_TEXT);
    const byWords = this.byWords(text);
    const near = text.trim() === '' ? null : ((await this.vectors?.nearest(text, this.tools)) ?? null);
    if (near === null) return byWords.slice(0, most);
    const places = new Map<T, number>();
    for (const order of [byWords, near])
      for (const [at, tool] of order.entries()) places.set(tool, (places.get(tool) ?? 0) + 1 / (EVEN + at));
    return [...places]
      .sort(([, a], [, b]) => b - a)
      .slice(0, most)
      .map(([tool]) => tool);
  }

  private byWords(text: string): T[] {
    const scores = WordIndex.scores(this.indexes, wordsOf(text));
    const scoreOf = ({ server, tool }: T): number => scores.get(`${server.id}/${tool.name}`) ?? 0;
    // Where two are as good, the order of the tools stays.
    return this.tools.filter((tool) => scoreOf(tool) > 0).sort((a, b) => scoreOf(b) - scoreOf(a));
  }
}
