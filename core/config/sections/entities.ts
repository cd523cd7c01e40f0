import { z } from 'zod';
import { wants } from '../wants.js';
import { idForm, idPattern } from './entity-id.js';
import { grants } from './grants.js';
import { ruleKeys } from './rules.js';

const textForm = wants('a text of at most 256 characters without control characters');
const nameForm = wants('a name of at most 200 characters');

/** Of what is made here; also what requests and other entries call it by. */
export const entityId = z.string(idForm).regex(idPattern, idForm);

/** Of what requests name in their metadata: customers and tags may have any text there. */
export const requestText = z
  .string(textForm)
  .min(1, textForm)
  .max(256, textForm)
  .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) && text.trim() === text, textForm);

export const entityName = z
  .string(nameForm)
  .min(1, nameForm)
  .max(200, nameForm)
  .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), nameForm);

export const labels = z
  .record(
    z.string().min(1).max(100),
    z.string(wants('a text')).max(1000),
    wants('a mapping of names to texts'),
  )
  .optional()
  .describe('Notes of your own.');

const common = {
  name: entityName.optional().describe('For people; the id when left out.'),
  ...ruleKeys,
  labels,
};

export const parent = (what: string) => entityId.optional().describe(`Id of the ${what} it belongs to.`);

/** Schemas of one entry each, by kind; the file, the admin API and its OpenAPI document have the same ones. */
export const entitySchemas = {
  organization: z.strictObject(common),
  team: z.strictObject({ ...common, organization: parent('organization') }),
  project: z.strictObject({ ...common, team: parent('team') }),
  user: z.strictObject({
    ...common,
    organization: parent('organization'),
    email: z.email(wants('an e-mail address')).max(254).optional().describe('For people.'),
    roles: grants.optional().describe('What the user may do in the admin API, and where; docs/people.md.'),
  }),
  customer: z.strictObject(common),
  tag: z.strictObject(common),
};

const section = <T extends z.ZodType>(id: z.ZodType<string, string>, entry: T, what: string) =>
  z.record(id, entry, wants(`a mapping of ${what}`)).prefault({});

export const organizationsSection = section(entityId, entitySchemas.organization, 'organization ids');
export const teamsSection = section(entityId, entitySchemas.team, 'team ids');
export const projectsSection = section(entityId, entitySchemas.project, 'project ids');
export const usersSection = section(entityId, entitySchemas.user, 'user ids');
export const customersSection = section(requestText, entitySchemas.customer, 'customers');
export const tagsSection = section(requestText, entitySchemas.tag, 'tags');
