import type { CanonicalRequest } from '@headgate/sdk';

/** Words that must not occur in a prompt: whole words, in any case. */
export class BannedWords {
  private readonly pattern: RegExp | null;

  constructor(words: readonly string[]) {
    const literal = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
    this.pattern =
      words.length === 0
        ? null
        : new RegExp(`(?<![\\p{L}\\p{N}])(?:${literal.join('|')})(?![\\p{L}\\p{N}])`, 'iu');
  }

  /** The first of them in any text of the conversation, tool results included. */
  findIn(request: CanonicalRequest): string | undefined {
    if (this.pattern === null) return undefined;
    for (const message of request.messages) {
      const found = this.findInParts(message.parts);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private findInParts(parts: CanonicalRequest['messages'][number]['parts']): string | undefined {
    for (const part of parts) {
      const found =
        part.type === 'text'
          ? this.pattern?.exec(part.text)?.[0]
          : part.type === 'tool-result'
            ? this.findInParts(part.content)
            : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
