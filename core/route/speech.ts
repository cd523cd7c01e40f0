import type { RequestCodec, WireFormat } from '@headgate/sdk';
import { type CompiledPath, compilePath, isPlain } from './path-template.js';
import type { Provider } from './provider.js';

/** How a target is spoken to on behalf of a client's format. */
export interface Speech {
  readonly format: WireFormat;
  /** At the provider. */
  readonly path: CompiledPath;
  /** The client's format and the target's are the same: bytes pass. */
  readonly same: boolean;
  /** Writes requests in the target's format, when a hook has changed the request or the client's format is another; null where only bytes pass. */
  readonly codec: RequestCodec | null;
}

/** How a provider is spoken to for each client format, for any of its models. */
export class Speeches {
  /** Path templates by client format. */
  private readonly templates = new Map<string, string>();
  private readonly plain = new Map<string, Speech>();
  private readonly named: boolean;

  constructor(
    private readonly provider: Pick<Provider, 'paths' | 'row'>,
    formats: ReadonlyMap<string, WireFormat>,
  ) {
    for (const client of formats.values()) {
      const found = formatFor(provider, client, formats);
      if (found === null) continue;
      const { format, template } = found;
      this.templates.set(client.id, template);
      this.plain.set(client.id, {
        format,
        path: compilePath(template, ''),
        same: format === client,
        codec: format.request ?? null,
      });
    }
    this.named = ![...this.templates.values()].every(isPlain);
  }

  has(client: string): boolean {
    return this.plain.has(client);
  }

  /** The client's format is spoken as it is. */
  speaks(client: string): boolean {
    return this.plain.get(client)?.same === true;
  }

  /** Client format id → how to speak to that model; formats that the provider cannot serve are absent. */
  of(model: string): ReadonlyMap<string, Speech> {
    if (!this.named) return this.plain;
    const named = new Map<string, Speech>();
    for (const [client, speech] of this.plain) {
      const template = this.templates.get(client) as string;
      named.set(client, { ...speech, path: compilePath(template, this.nameIn(speech.format, model)) });
    }
    return named;
  }

  /** The model as the path of that format names it. */
  private nameIn(format: WireFormat, model: string): string {
    const prefixes = this.provider.row.modelPrefixes[format.id] ?? [];
    const prefix = prefixes.find((one) => model.startsWith(one)) ?? '';
    return model.slice(prefix.length);
  }
}

/** The format itself when the provider has it, else the first of the same operation that can be translated. */
function formatFor(
  { paths }: Pick<Provider, 'paths'>,
  client: WireFormat,
  formats: ReadonlyMap<string, WireFormat>,
): { format: WireFormat; template: string } | null {
  const own = paths.get(client.id);
  if (own !== undefined) return { format: client, template: own };
  for (const [id, template] of paths) {
    const other = formats.get(id);
    if (other?.operation === client.operation && translatable(other, client))
      return { format: other, template };
  }
  return null;
}

/** An operation without streams, such as counting tokens, needs no codec for one; both formats have it or neither. */
function translatable(target: WireFormat, client: WireFormat): boolean {
  const formats = [target, client];
  if (formats.every((format) => format.task)) return true;
  const read = formats.every((format) => format.request && format.response);
  return read && (target.stream === undefined) === (client.stream === undefined);
}
