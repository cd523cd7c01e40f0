import type { CanonicalError, SocketFormat } from '@headgate/sdk';
import { canonicalError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { modelRefused } from '../identity/virtual-key.js';
import type { CompiledTarget } from '../route/target.js';
import { findModel, prefixOf, renameModel } from './model-in-message.js';

/** Model names in a client's messages, written as the provider of the session knows them. */
export class SessionModel {
  /** The provider's name of the model that is talked to. */
  current: string;
  /** What the provider wants to read before it; null: what the client writes. */
  private readonly resource: string | null;

  constructor(
    private readonly x: Exchange,
    private readonly target: CompiledTarget,
    private readonly format: SocketFormat,
  ) {
    this.current = target.model;
    const [, resource] = (target.speech.get(x.endpoint.format.id)?.path.streamed ?? '').split('#', 2);
    this.resource = resource ?? null;
  }

  /** The message as the provider shall read it, or why it must not. The same buffer when nothing changes. */
  write(message: Buffer): Buffer | CanonicalError {
    try {
      const path = this.format.modelPath(message);
      return path === null ? message : this.rename(message, path);
    } catch (reason) {
      // Nobody above would catch it: this is called by the server.
      return this.broken(reason);
    }
  }

  /** A message of the provider as the client shall read it. The same buffer when nothing changes. */
  read(message: Buffer): Buffer {
    const { x, format, target } = this;
    if (target.model === x.model || format.modelToldIn === undefined) return message;
    try {
      const path = format.modelToldIn(message);
      const found = path === null ? 'none' : findModel(message, path);
      if (typeof found === 'string' || found.model !== target.model) return message;
      return renameModel(message, found, x.model);
    } catch (reason) {
      this.broken(reason);
      return message;
    }
  }

  private rename(message: Buffer, path: readonly string[]): Buffer | CanonicalError {
    const found = findModel(message, path);
    if (found === 'none') return message;
    if (found === 'twice') return canonicalError('duplicate_field', { field: path.at(-1) ?? '' });
    const prefix = prefixOf(this.format, found.model);
    const name = this.nameOf(found.model.slice(prefix.length));
    if (typeof name !== 'string') return name;
    this.current = name;
    const written = (this.resource ?? prefix) + name;
    return written === found.model ? message : renameModel(message, found, written);
  }

  private broken(reason: unknown): CanonicalError {
    const { x } = this;
    x.io.log.error('a message of a session could not be read', {
      request: x.id,
      error: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
    });
    return canonicalError('internal');
  }

  /** A session stays where it is: another model must be one of the same provider, and one that the key may use. */
  private nameOf(model: string): string | CanonicalError {
    const { x, target } = this;
    if (model === x.model) return target.model;
    const { models } = x.runtime;
    const route = models.find(model, x.endpoint.format);
    const { principal } = x;
    if (principal !== null && !principal.mayUse(model) && (route === null || !principal.mayUse(route.name)))
      return modelRefused(principal, model).canonical;
    const here = route?.targets.find(({ provider }) => provider.id === target.provider.id);
    return here?.model ?? models.missing(model, x.endpoint.format);
  }
}
