import { z } from 'zod';
import { DEFINITION_SECTIONS, type DefinitionKind, isMapping } from '../../config/definitions.js';
import { billRuleName, billRuleSchema } from '../../config/sections/billing.js';
import { mcpServerId } from '../../config/sections/mcp.js';
import { virtualServerSchema } from '../../config/sections/mcp-endpoint.js';
import { mcpServer } from '../../config/sections/mcp-server.js';
import { modelName, modelSchema } from '../../config/sections/models.js';
import { pluginSchema } from '../../config/sections/plugins.js';
import { priceName, priceSchema } from '../../config/sections/prices.js';
import { providerId, providerSchema } from '../../config/sections/providers.js';
import { wants } from '../../config/wants.js';

/** A kind of definition as the admin API serves it. */
export interface DefinitionApi {
  readonly kind: DefinitionKind;
  /** Section of the file. */
  readonly section: (typeof DEFINITION_SECTIONS)[DefinitionKind];
  /** Below `/api/`. */
  readonly path: string;
  /** For people. */
  readonly plural: string;
  /** What the file may say too. */
  readonly schema: z.ZodType;
  readonly id: z.ZodType<string, string>;
  /** The id when none is given; undefined: there must be one. */
  readonly idOf: (fields: Readonly<Record<string, unknown>>) => unknown;
  /** Providers that one names, for the filter of lists; null where there is no such filter. */
  readonly providersOf: ((id: string, spec: Readonly<Record<string, unknown>>) => string[]) | null;
}

const pluginForm = wants('a name: letters, digits and ". _ : @ / -", at most 128');
const pluginId = z.string(pluginForm).regex(/^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/, pluginForm);
const before = (text: string): string => text.slice(0, text.indexOf('/'));

/** `/api/models` is the report of all models there are. */
export const DEFINITION_APIS: readonly DefinitionApi[] = [
  {
    kind: 'provider',
    path: 'providers',
    plural: 'providers',
    schema: providerSchema,
    id: providerId,
    providersOf: null,
  },
  {
    kind: 'model',
    path: 'model-definitions',
    plural: 'public models',
    schema: modelSchema,
    id: modelName,
    providersOf: (_id: string, { targets }: Readonly<Record<string, unknown>>) =>
      (Array.isArray(targets) ? targets : []).map((one) =>
        before(String(isMapping(one) ? one['target'] : one)),
      ),
  },
  {
    kind: 'price',
    path: 'prices',
    plural: 'prices',
    schema: priceSchema,
    id: priceName,
    providersOf: (id: string) => [before(id)],
  },
  {
    kind: 'plugin',
    path: 'plugins',
    plural: 'plugins',
    // What logs call it is its id.
    schema: pluginSchema.omit({ name: true }),
    id: pluginId,
    providersOf: null,
  },
  {
    kind: 'mcp_server',
    path: 'mcp-servers',
    plural: 'MCP servers',
    schema: mcpServer,
    id: mcpServerId,
    providersOf: null,
  },
  {
    kind: 'mcp_virtual_server',
    path: 'mcp-virtual-servers',
    plural: 'virtual MCP servers',
    schema: virtualServerSchema,
    id: mcpServerId,
    providersOf: null,
  },
  {
    kind: 'billing_rule',
    path: 'billing-rules',
    plural: 'billing rules',
    schema: billRuleSchema,
    id: billRuleName,
    providersOf: null,
  },
].map((one) => {
  const kind = one.kind as DefinitionKind;
  return {
    ...one,
    kind,
    section: DEFINITION_SECTIONS[kind],
    idOf: kind === 'plugin' ? ({ use }) => use : () => undefined,
  };
});
