import { type HeaderList, headerOf } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { framedAlike, isStream } from '../relay/framing.js';
import { mayPassBytes } from '../relay/hooked.js';
import { RawRelay } from '../relay/raw.js';
import type { Relay } from '../relay/relay.js';
import { TapRelay } from '../relay/tap.js';
import { TranslateRelay } from '../relay/translate.js';
import { WholeRelay } from '../relay/whole.js';
import type { Speech } from '../route/speech.js';

/**
 * Stage 14. How the answer travels, by what it is and who wants to read it:
 * tap for a stream of the client's own format, translate for a stream that goes through the hub, whole for JSON,
 * raw for bytes that nobody here understands.
 */
export function openRelay(
  x: Exchange,
  status: number,
  headers: HeaderList,
  speech: Speech,
  strip: boolean,
): Relay {
  x.conversation?.opens(x);
  const contentType = headerOf(headers, 'content-type') ?? '';
  if (isStream(contentType, speech)) {
    if (framedAlike(x, speech) && mayPassBytes(x))
      return new TapRelay(x, status, contentType, headers, strip);
    return new TranslateRelay(x, headers, speech);
  }
  const isJson = contentType === '' || contentType.includes('json');
  if (!isJson && speech.same && mayPassBytes(x) && !contentType.startsWith('text/html')) {
    return new RawRelay(x, status, contentType, headers);
  }
  return new WholeRelay(x, status, contentType || 'application/json', headers, speech);
}
