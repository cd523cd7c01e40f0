/** The longest piece of a response id that a made-up id takes; some APIs refuse ids of more than forty characters. */
const LONGEST = 24;

/**
 * Ids for the function calls of one answer, where the wire has none. They are made of the response's id, so that two
 * answers of one conversation never share one; clients of other formats tell their calls apart by them.
 */
export class AnswerIds {
  private calls = 0;
  private readonly prefix: string;

  constructor(responseId: string, choice: number) {
    const base = responseId.replace(/[^a-zA-Z0-9_-]/g, '').slice(0, LONGEST);
    this.prefix = base === '' ? `call_${choice}_` : `call_${base}_${choice}_`;
  }

  call(id: string | undefined): string {
    return id ?? `${this.prefix}${this.calls++}`;
  }

  /** An answer holds no results. */
  result(id: string | undefined): string {
    return id ?? '';
  }
}
