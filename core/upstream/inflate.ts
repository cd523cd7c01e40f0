import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzipSync,
  inflateSync,
} from 'node:zlib';
import { type CanonicalError, type HeaderList, headerOf } from '@headgate/sdk';
import type { Relay } from '../relay/relay.js';

/**
 * Every request asks for an answer without compression, since it has to be read on its way. For a provider that
 * compresses all the same, this puts a decompressor before the relay; other answers get their relay back as it is.
 */
export function inflating(relay: Relay, headers: HeaderList): Relay {
  switch (headerOf(headers, 'content-encoding')) {
    case 'gzip':
    case 'x-gzip':
      return new InflatingRelay(relay, createGunzip());
    case 'deflate':
      return new InflatingRelay(relay, createInflate());
    case 'br':
      return new InflatingRelay(relay, createBrotliDecompress());
    default:
      return relay;
  }
}

/** An error body as text, decompressed when need be. */
export function inflatedText(body: Buffer, headers: HeaderList): string {
  try {
    switch (headerOf(headers, 'content-encoding')) {
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(body).toString('utf8');
      case 'deflate':
        return inflateSync(body).toString('utf8');
      case 'br':
        return brotliDecompressSync(body).toString('utf8');
      default:
        return body.toString('utf8');
    }
  } catch {
    return '';
  }
}

type Decompressor = ReturnType<typeof createGunzip> | ReturnType<typeof createBrotliDecompress>;

class InflatingRelay implements Relay {
  private over = false;

  constructor(
    private readonly relay: Relay,
    private readonly decompressor: Decompressor,
  ) {
    decompressor.on('data', (chunk: Buffer) => {
      if (!this.over) relay.data(chunk);
    });
    decompressor.on('end', () => {
      if (this.over) return;
      this.over = true;
      relay.end();
    });
    decompressor.on('error', (error) => this.interrupt(broken(error)));
  }

  data(chunk: Buffer): boolean {
    // Compressed answers are rare and small; the decompressor's own buffer is bound enough.
    this.decompressor.write(chunk);
    return true;
  }

  end(): void {
    this.decompressor.end();
  }

  interrupt(error: CanonicalError): void {
    if (this.over) return;
    this.over = true;
    this.decompressor.destroy();
    this.relay.interrupt(error);
  }

  drop(): void {
    this.over = true;
    this.decompressor.destroy();
    this.relay.drop();
  }
}

function broken(error: Error): CanonicalError {
  return {
    kind: 'upstream',
    status: 502,
    code: 'provider_bad_answer',
    message: `The provider's compressed answer is broken: ${error.message}.`,
  };
}
