import type { Plugin, ProviderModule, Transport } from '@headgate/sdk';
import { NOWHERE } from '../config/locator.js';
import { pluginProblem } from './plugin-problem.js';
import { within } from './within.js';

const CLOSE_MS = 5_000;

/** The transports of providers that answer inside the process: one for each module that brings one, over reloads. */
export class LocalTransports {
  private readonly made = new Map<ProviderModule, Transport>();

  /** @param onError hears of a transport that failed to close, or took too long for it */
  constructor(private readonly onError: (error: unknown) => void) {}

  /** Null for a provider over HTTP. Throws a PluginProblem when the module cannot make its transport. */
  of(module: ProviderModule): Transport | null {
    if (module.transport === undefined) return null;
    const known = this.made.get(module) ?? make(module.transport, module.row.id);
    this.made.set(module, known);
    return known;
  }

  /** Closes those that none of these plugins has brought. */
  async keep(plugins: readonly Plugin[]): Promise<void> {
    const wanted = new Set(plugins.flatMap((plugin) => plugin.providers ?? []));
    const gone = [...this.made].filter(([module]) => !wanted.has(module));
    // Before anything is waited for: meanwhile the next configuration may make its own.
    for (const [module] of gone) this.made.delete(module);
    for (const [, transport] of gone) {
      try {
        await within(CLOSE_MS, async () => transport.close?.());
      } catch (error) {
        this.onError(error);
      }
    }
  }
}

function make(transport: () => Transport, provider: string): Transport {
  const refused = (why: string): Error =>
    pluginProblem({ path: [], locator: NOWHERE }, [], {
      what: `the transport of the provider "${provider}" could not be made: ${why}`,
    });
  let made: unknown;
  try {
    made = transport();
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error));
  }
  if (isTransport(made)) return made;
  throw refused('what came has no "dispatch"');
}

function isTransport(value: unknown): value is Transport {
  return (
    typeof value === 'object' && value !== null && 'dispatch' in value && typeof value.dispatch === 'function'
  );
}
