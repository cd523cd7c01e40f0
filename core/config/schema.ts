import { z } from 'zod';
import { adminSection, authSection } from './sections/access.js';
import { alertsSection } from './sections/alerts.js';
import { billingSection } from './sections/billing.js';
import { clusterSection } from './sections/cluster.js';
import { defaultsSection } from './sections/defaults.js';
import { ejectionSection } from './sections/ejection.js';
import {
  customersSection,
  organizationsSection,
  projectsSection,
  tagsSection,
  teamsSection,
  usersSection,
} from './sections/entities.js';
import { keysSection } from './sections/keys.js';
import { mcpSection } from './sections/mcp.js';
import { modelsSection, onUnsupported } from './sections/models.js';
import { observabilitySection } from './sections/observability.js';
import { pluginsSection } from './sections/plugins.js';
import { pricesSection, unpriced } from './sections/prices.js';
import { providersSection } from './sections/providers.js';
import { realtimeSection } from './sections/realtime.js';
import { responsesSection } from './sections/responses.js';
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
  ejection: ejectionSection
    .optional()
    .describe(
      'When a target that fails again and again is passed over as long as others of its model can be asked; `off`: never. ' +
        'Counts for models with two targets or more; see docs/configuration.md.',
    ),
  on_unsupported: onUnsupported
    .default('warn')
    .describe(
      'What becomes of request fields that a target of another API has no words for: `drop` leaves them out; `warn` does too ' +
        'and names them in the answer header `x-headgate-dropped`; `reject` asks the next target that has words for all, ' +
        'else answers with a 400 that names the fields.',
    ),
  defaults: defaultsSection
    .prefault({})
    .describe(
      'Where requests go that are only forwarded and name neither a model nor a known id. Left out: the first provider ' +
        'that speaks the API.',
    ),
  objects: z
    .strictObject({
      shared: z
        .boolean()
        .default(false)
        .describe(
          'Virtual keys may use each other’s files, batches, stored answers and the like. Otherwise what was made with one key ' +
            'is not there for the others.',
        ),
    })
    .prefault({})
    .describe('What is stored at providers through the gateway.'),
  prices: pricesSection.describe(
    'What models cost and can do, by `provider/model` or `provider/*`, where that is not what the built-in tables say; see ' +
      'docs/prices.md. A price of zero makes a model free.',
  ),
  unpriced: unpriced
    .default('warn')
    .describe(
      'What becomes of requests to models whose price nobody knows: `allow` lets them pass; `warn` does too, and the log says ' +
        'so once a model; `deny` asks the next target that has a price, else answers with a 403.',
    ),
  keys: keysSection.describe('Virtual keys that live in the file; others live in the store.'),
  organizations: organizationsSection.describe(
    'Organizations, by id. Their rules hold for all teams and keys below them.',
  ),
  teams: teamsSection.describe('Teams, by id.'),
  projects: projectsSection.describe('Projects, by id.'),
  users: usersSection.describe('Users, by id. Their rules hold for all keys they have.'),
  customers: customersSection.describe(
    'Customers, by what requests call them in their metadata. Their rules hold for all requests made for them.',
  ),
  tags: tagsSection.describe('Tags, by what requests call them in their metadata.'),
  realtime: realtimeSection.prefault({}).describe('Sessions over WebSockets.'),
  responses: responsesSection
    .prefault({})
    .describe('What the gateway keeps of OpenAI’s Responses, where the provider keeps nothing.'),
  plugins: pluginsSection.describe('What runs on the requests, in order.'),
  store: storeSection.prefault({}).describe('Where records are kept.'),
  cluster: clusterSection
    .optional()
    .describe('Several nodes as one gateway, through Redis or Valkey; see docs/cluster.md.'),
  billing: billingSection
    .prefault({})
    .describe('What is charged on for requests, in reports and invoices; see docs/chargeback.md.'),
  mcp: mcpSection
    .prefault({})
    .describe('Servers of the Model Context Protocol (MCP), whose tools are offered.'),
  observability: observabilitySection.prefault({}).describe('What the gateway tells about itself.'),
  alerts: alertsSection.prefault({}).describe('Who is told when something is wrong.'),
});

/** What the file may say; in an object, too, a text may hold `${NAME}`. */
export type ConfigInput = z.input<typeof configSchema>;

/** The file after validation, before providers, models and keys are put together. */
export type ParsedConfig = z.output<typeof configSchema>;
