interface SseEvent {
  /** `''` when the wire names none. */
  event: string;
  data: string;
}

/** Splits a whole event stream into its events; comments are left out. */
export function sseEvents(text: string): SseEvent[] {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n\n')
    .flatMap((block) => {
      const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith(':'));
      if (lines.length === 0) return [];
      const value = (name: string): string[] =>
        lines
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, ''));
      return [{ event: value('event')[0] ?? '', data: value('data').join('\n') }];
    });
}

/** The `data` of each event as JSON, without `[DONE]`. */
export const sseJson = (text: string): Record<string, unknown>[] =>
  sseEvents(text)
    .filter((event) => event.data !== '[DONE]')
    .map((event) => JSON.parse(event.data) as Record<string, unknown>);
