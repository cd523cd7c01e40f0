import { randomUUID } from 'node:crypto';
import { type ExportWriter, exportWriter } from './export-writer.js';
import type { RequestQuestions } from './request-questions.js';
import type { RequestSearch } from './request-search.js';
import type { SearchPlace, SearchQuery } from './search-query.js';

/** Records that are read and written at a time. */
export const EXPORT_PAGE = 1024;

interface Running {
  readonly query: Omit<SearchQuery, 'after' | 'limit'>;
  readonly writer: ExportWriter;
  /** Null before the first page; 'end' behind the last. */
  after: SearchPlace | null | 'end';
}

/** Files of records, made piece by piece as somebody takes them: nothing of them stays in memory. */
export class RequestExports {
  private readonly running = new Map<string, Running>();

  constructor(private readonly search: RequestSearch) {}

  get size(): number {
    return this.running.size;
  }

  async begin({
    filter,
    range: { from, to },
    format,
  }: RequestQuestions['exportBegin']['ask']): Promise<RequestQuestions['exportBegin']['answer']> {
    const writer = await exportWriter(format);
    const id = randomUUID();
    // What arrives from now on is not in it.
    const query = { filter, from, to: Math.min(to, Date.now() + 1) };
    this.running.set(id, { query, writer, after: null });
    return { id };
  }

  /** The next bytes; null when it is whole. */
  async next(id: string): Promise<Uint8Array | null> {
    const running = this.running.get(id);
    if (running === undefined) throw new Error('nothing is exported by that id');
    const { query, writer, after } = running;
    if (after === 'end') return null;
    const { records, next } = await this.search.page({ ...query, after, limit: EXPORT_PAGE });
    const bytes = writer.add(records);
    running.after = next ?? 'end';
    return next === null ? Buffer.concat([bytes, writer.end()]) : bytes;
  }

  end(id: string): void {
    this.running.delete(id);
  }
}
