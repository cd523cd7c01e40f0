import { storable } from './usage-group.js';
import type { SqlPart } from './usage-parts.js';
import type { GroupDimension, UsageFilter } from './usage-report.js';

/** The columns of `usage_groups`. Tags are taken apart instead. */
export const COLUMN_OF: Readonly<Record<Exclude<GroupDimension, 'tag'>, string>> = {
  org: 'org',
  team: 'team',
  project: 'project',
  user: 'user_id',
  key: 'key_id',
  customer: 'customer',
  model: 'model',
  provider: 'provider',
  upstream_model: 'upstream_model',
  operation: 'operation',
  endpoint: 'endpoint',
};

/** A condition on `group_id` that only groups with these values meet; null when all do. */
export function groupsWith(kind: 'sqlite' | 'postgres', filter: UsageFilter): SqlPart | null {
  const parts = Object.entries(filter).map(([dimension, values]) =>
    condition(kind, dimension as GroupDimension, values.map(storable)),
  );
  if (parts.length === 0) return null;
  return {
    text: `group_id IN (SELECT id FROM usage_groups WHERE ${parts.map((part) => part.text).join(' AND ')})`,
    values: parts.flatMap((part) => part.values),
  };
}

function condition(
  kind: 'sqlite' | 'postgres',
  dimension: GroupDimension,
  values: readonly string[],
): SqlPart {
  const list = `(${values.map(() => '?').join(', ')})`;
  if (dimension === 'key') {
    return {
      text: `(key_id IN ${list} OR key_id IN (SELECT key_id FROM key_names WHERE name IN ${list}))`,
      values: [...values, ...values],
    };
  }
  if (dimension !== 'tag') return { text: `${COLUMN_OF[dimension]} IN ${list}`, values };
  return tagCondition(kind, list, values);
}

function tagCondition(kind: 'sqlite' | 'postgres', list: string, values: readonly string[]): SqlPart {
  const none = values.includes('') ? " OR tags = '[]'" : '';
  const each =
    kind === 'sqlite'
      ? 'SELECT value FROM json_each(usage_groups.tags)'
      : 'SELECT value FROM jsonb_array_elements_text(usage_groups.tags::jsonb) AS value';
  return { text: `(EXISTS (SELECT 1 FROM (${each}) each_tag WHERE value IN ${list})${none})`, values };
}
