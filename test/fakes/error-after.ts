import type { Behaviour } from './provider.js';

/** The events of `behaviour`, or `usual`; after `errorAfterEvents` of them comes `failure` and nothing more. */
export function* scripted(
  behaviour: Behaviour,
  usual: Iterable<string | Buffer>,
  failure: string | Buffer,
): Generator<string | Buffer> {
  let sent = 0;
  for (const event of behaviour.events ?? usual) {
    if (behaviour.errorAfterEvents === sent) break;
    yield event;
    sent += 1;
  }
  if (behaviour.errorAfterEvents !== undefined) yield failure;
}
