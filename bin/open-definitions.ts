import { DefinitionService } from '../core/admin/definitions/definition-service.js';
import { Offline } from '../core/admin/definitions/offline.js';
import { storedDefinitions } from '../core/admin/definitions/stored-definition.js';
import { serverSecret } from '../core/admin/kept-secret.js';
import { openStore } from '../core/admin/open-store.js';
import type { LayeredConfig } from '../core/plugin/load-config.js';
import { StartError } from '../core/start-error.js';
import type { ControlStore } from '../core/store/control/control-store.js';
import { addressOf, isMemory } from '../core/store/sql/address.js';
import { tellGateway } from './tell-gateway.js';

export interface OpenDefinitions {
  readonly loaded: LayeredConfig;
  readonly store: ControlStore;
  readonly secret: string;
  readonly over: Offline;
  readonly definitions: DefinitionService;
}

/** Opens the store of a configuration for what it defines, whether a gateway runs on it or not. Rejects with a StartError. */
export async function openDefinitions(loaded: LayeredConfig): Promise<OpenDefinitions> {
  const { config } = loaded;
  const address = addressOf(config.store);
  if (address.kind === 'sqlite' && isMemory(address.path))
    throw new StartError('store.url says that everything is kept in memory: there is no store');
  const secret = serverSecret(config);
  const store = await openStore(address, secret).catch((error) => {
    throw new StartError(error instanceof Error ? error.message : String(error));
  });
  const over = await Offline.of(loaded, await storedDefinitions(store.entities));
  const definitions = new DefinitionService(store, over, async () => tellGateway(config));
  return { loaded, store, secret, over, definitions };
}
