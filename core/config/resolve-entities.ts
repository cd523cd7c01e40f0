import { type EntityConfig, type GroupKind, type ParsedGroup, resolveGroup } from './entity.js';
import { entityKey } from './entity-key.js';
import type { ParsedConfig } from './schema.js';

/** Section of the file for each kind. */
export const GROUP_SECTIONS = {
  organization: 'organizations',
  team: 'teams',
  project: 'projects',
  user: 'users',
  customer: 'customers',
  tag: 'tags',
} as const satisfies Record<GroupKind, keyof ParsedConfig>;

/** Organizations, teams, projects, users, customers and tags of the file. What they belong to may be in the store. */
export function resolveEntities(parsed: ParsedConfig): Map<string, EntityConfig> {
  const entities = new Map<string, EntityConfig>();
  for (const [kind, section] of Object.entries(GROUP_SECTIONS) as [
    GroupKind,
    (typeof GROUP_SECTIONS)[GroupKind],
  ][]) {
    for (const [id, entry] of Object.entries(parsed[section] as Record<string, ParsedGroup>))
      entities.set(entityKey(kind, id), resolveGroup(kind, id, entry));
  }
  return entities;
}
