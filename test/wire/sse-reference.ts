export interface ReferenceEvent {
  readonly event: string;
  readonly data: string;
}

/** The standard's algorithm, word for word and on the whole text at once: slow, and with nothing in common with ours. */
export function readEvents(bytes: Uint8Array): ReferenceEvent[] {
  const text = new TextDecoder().decode(bytes);
  const events: ReferenceEvent[] = [];
  let data: string[] = [];
  let event = '';
  const dispatch = (): void => {
    if (data.length > 0) events.push({ event, data: data.join('\n') });
    data = [];
    event = '';
  };
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, name, value] = /^([^:]*)(?::[ ]?(.*))?$/su.exec(line)!;
    if (line === '') dispatch();
    else if (name === 'data') data.push(value ?? '');
    else if (name === 'event') event = value ?? '';
  }
  dispatch();
  return events;
}
