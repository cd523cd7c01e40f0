import { z } from 'zod';
import { adminSection, authSection } from './sections/access.js';
import { keysSection } from './sections/keys.js';
import { modelsSection } from './sections/models.js';
import { observabilitySection } from './sections/observability.js';
import { pluginsSection } from './sections/plugins.js';
import { providersSection } from './sections/providers.js';
import { serverSection } from './sections/server.js';
import { storeSection } from './sections/store.js';

/**
 * `headgate.yaml` after `${NAME}` was replaced. Unknown keys are errors everywhere. Sections that a later version
 * implements are `unknown` here: `not-yet.ts` refuses them by name, so that nothing is silently ignored.
 */
export const configSchema = z.strictObject({
  server: serverSection.prefault({}).describe('Where and how the gateway listens.'),
  admin: adminSection.prefault({}).describe('Who may use the admin API and the dashboard.'),
  auth: authSection.prefault({}).describe('Who may use the data plane.'),
  providers: providersSection.describe(
    'Where requests can go, by id. Built-in providers whose environment variable is set need no entry.',
  ),
  models: modelsSection.describe('Public model names. A bare `provider/model` works without an entry.'),
  keys: keysSection.describe('Virtual keys that live in the file; others live in the store.'),
  plugins: pluginsSection.describe('What runs on the requests, in order.'),
  store: storeSection.prefault({}).describe('Where records are kept.'),
  cluster: z.unknown().optional().describe('Several nodes through Redis. Not supported by this version yet.'),
  mcp: z.unknown().optional().describe('MCP servers behind the gateway. Not supported by this version yet.'),
  observability: observabilitySection.prefault({}).describe('What the gateway tells about itself.'),
});

/** What the file may say; in an object, too, a text may hold `${NAME}`. */
export type ConfigInput = z.input<typeof configSchema>;

/** The file after validation, before providers, models and keys are put together. */
export type ParsedConfig = z.output<typeof configSchema>;
