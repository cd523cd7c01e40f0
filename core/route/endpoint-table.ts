import type { WireFormat } from '@headgate/sdk';
import { clientPaths } from './client-paths.js';
import { Endpoint } from './endpoint.js';

/** An endpoint, and the model where the path names it. */
export interface Found {
  readonly endpoint: Endpoint;
  /** '' where the body names it. */
  readonly model: string;
}

interface Pattern {
  readonly expression: RegExp;
  readonly endpoint: Endpoint;
}

/** The paths that carry model requests. A reload may add some and takes none away. */
export class EndpointTable {
  /** Paths without a model in them: what the server's own router can find. */
  readonly exact = new Map<string, Endpoint>();
  private readonly patterns = new Map<string, Pattern>();

  /** @param renamedIn fields that some provider wants renamed in requests of a format */
  add(formats: ReadonlyMap<string, WireFormat>, renamedIn: (format: string) => readonly string[]): void {
    for (const { path, format, prefixes, streams, otherFraming, models } of clientPaths) {
      const known = formats.get(format);
      if (known === undefined) continue;
      for (const prefix of ['', ...prefixes]) {
        const full = prefix + path;
        const name = models === undefined ? full : `${full} ${models}`;
        if (this.exact.has(full) || this.patterns.has(name)) continue;
        const endpoint = new Endpoint(full, known, renamedIn(format), {
          streams: streams ?? known.streamByDefault === true,
          otherFraming: otherFraming ?? null,
        });
        if (!full.includes('{')) this.exact.set(full, endpoint);
        else this.patterns.set(name, { expression: expressionOf(full, models), endpoint });
      }
    }
  }

  at(path: string): Found | undefined {
    const endpoint = this.exact.get(path);
    if (endpoint !== undefined) return { endpoint, model: '' };
    for (const { expression, endpoint } of this.patterns.values()) {
      const model = expression.exec(path)?.[1];
      if (model !== undefined) return { endpoint, model: decoded(model) };
    }
    return undefined;
  }

  /** An endpoint of that format, for errors in its words; of OpenAI's chat where the format is not there. */
  speaking(format: string): Endpoint {
    const all = this.all();
    const found =
      all.find((one) => one.format.id === format) ?? all.find((one) => one.format.id === 'openai-chat');
    if (found === undefined) throw new Error('no client API has an endpoint');
    return found;
  }

  private all(): Endpoint[] {
    return [...this.exact.values(), ...[...this.patterns.values()].map(({ endpoint }) => endpoint)];
  }
}

function expressionOf(path: string, models = '.+'): RegExp {
  const text = path
    .split(/(\{model\}|\{\})/)
    .map((piece) =>
      piece === '{model}'
        ? `(${models})`
        : piece === '{}'
          ? '[^/]+'
          : piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${text}$`);
}

/** A model's name as the path writes it; what is no proper encoding is taken literally. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
