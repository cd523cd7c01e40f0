import type { EntityKind } from '@headgate/sdk';
import { z } from 'zod';
import { entityId, entityName, entitySchemas, requestText } from '../config/sections/entities.js';
import { hasOneBudget, hasOneParent, keyKeys, manyBudgets, manyParents } from '../config/sections/keys.js';
import { rotation } from '../config/sections/rotation.js';

/** A kind of entity as the admin API serves it. */
export interface EntityApi {
  readonly kind: EntityKind;
  /** Below `/api/`. */
  readonly path: string;
  /** For people. */
  readonly plural: string;
  readonly schema: z.ZodType<Record<string, unknown>>;
  readonly id: z.ZodType<string, string>;
  /** What made ids begin with; null: the id must be given, since requests name it. */
  readonly prefix: string | null;
  /** Fields that name what it belongs to, the nearest first; `user` is apart. */
  readonly parents: readonly EntityKind[];
}

const keySchema = z
  .strictObject({ ...keyKeys, rotate: rotation.optional(), name: entityName.optional() })
  .refine(hasOneParent, manyParents)
  .refine(hasOneBudget, manyBudgets);

const api = (
  kind: EntityKind,
  path: string,
  plural: string,
  prefix: string | null,
  parents: readonly EntityKind[] = [],
): EntityApi => ({
  kind,
  path,
  plural,
  schema: (kind === 'key' ? keySchema : entitySchemas[kind]) as unknown as EntityApi['schema'],
  id: kind === 'customer' || kind === 'tag' ? requestText : entityId,
  prefix,
  parents,
});

/** `/api/tags` is Ollama's list of models. */
export const ENTITY_APIS: readonly EntityApi[] = [
  api('organization', 'organizations', 'organizations', 'org_'),
  api('team', 'teams', 'teams', 'team_', ['organization']),
  api('project', 'projects', 'projects', 'proj_', ['team']),
  api('user', 'users', 'users', 'user_', ['organization']),
  api('customer', 'customers', 'customers', null),
  api('tag', 'request-tags', 'tags of requests', null),
  api('key', 'keys', 'virtual keys', 'key_', ['project', 'team', 'organization']),
];

/** What lists can be filtered by. */
export const PARENT_KINDS = [
  'project',
  'team',
  'organization',
  'user',
] as const satisfies readonly EntityKind[];
