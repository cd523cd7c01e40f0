import type { JsonObject } from '@headgate/sdk';
import type { ToolDefinition } from '../protocol.js';
import { wordsOf } from './words.js';

/** What a word counts by where it stands. */
const WEIGHTS = { name: 3, text: 1, parameter: 1.5 } as const;
/** Of the description that is looked at; more of it is about details. */
const MOST_TEXT = 2000;
/** The usual constants of Okapi BM25. */
const K1 = 1.2;
const B = 0.75;

/** The words of one server's tools. Built once for each of its lists. */
export class WordIndex {
  /** By word: names of the tools that have it, and how much. */
  private readonly postings = new Map<string, Map<string, number>>();
  private readonly lengths = new Map<string, number>();
  private total = 0;

  constructor(tools: readonly ToolDefinition[]) {
    for (const tool of tools) this.add(tool);
  }

  /**
   * How well tools fit the words, those left out that have none of them; over the indexes of several servers as if they were one.
   *
   * @param indexes by id of the server
   * @returns by `server/tool`
   */
  static scores(indexes: ReadonlyMap<string, WordIndex>, words: readonly string[]): Map<string, number> {
    let size = 0;
    let total = 0;
    for (const index of indexes.values()) {
      size += index.lengths.size;
      total += index.total;
    }
    const scores = new Map<string, number>();
    for (const word of new Set(words)) {
      const known = [...indexes].flatMap(([server, { postings, lengths }]) => {
        const having = postings.get(word);
        return having === undefined ? [] : [{ server, lengths, having }];
      });
      const count = known.reduce((sum, { having }) => sum + having.size, 0);
      const rarity = Math.log(1 + (size - count + 0.5) / (count + 0.5));
      for (const { server, lengths, having } of known)
        for (const [name, weight] of having) {
          const length = (lengths.get(name) as number) / (total / size);
          const score = (rarity * weight * (K1 + 1)) / (weight + K1 * (1 - B + B * length));
          const place = `${server}/${name}`;
          scores.set(place, (scores.get(place) ?? 0) + score);
        }
    }
    return scores;
  }

  private add({ name, title, description, inputSchema }: ToolDefinition): void {
    let length = 0;
    const put = (text: string, weight: number): void => {
      for (const word of wordsOf(text)) {
        let postings = this.postings.get(word);
        if (postings === undefined) this.postings.set(word, (postings = new Map()));
        postings.set(name, (postings.get(name) ?? 0) + weight);
        length += weight;
      }
    };
    put(name, WEIGHTS.name);
    put(`${title === description ? '' : title} ${description.slice(0, MOST_TEXT)}`, WEIGHTS.text);
    for (const parameter of parametersOf(inputSchema)) put(parameter, WEIGHTS.parameter);
    this.lengths.set(name, length);
    this.total += length;
  }
}

/** Names of its arguments; those of a body that is an object count too. */
export function parametersOf(schema: JsonObject): string[] {
  const properties = (schema['properties'] ?? {}) as JsonObject;
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).flatMap(([name, inside]) => {
    const deeper = name === 'body' ? (inside as JsonObject | null)?.['properties'] : undefined;
    return [name, ...(typeof deeper === 'object' && deeper !== null ? Object.keys(deeper) : [])];
  });
}

const indexes = new WeakMap<readonly ToolDefinition[], WordIndex>();

/** The index of a list, made when it is first asked for. */
export function indexOf(tools: readonly ToolDefinition[]): WordIndex {
  let known = indexes.get(tools);
  if (known === undefined) indexes.set(tools, (known = new WordIndex(tools)));
  return known;
}
