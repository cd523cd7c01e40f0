/** What tokens of others may name a user by. */
export const USER_ATTRIBUTES = ['id', 'email', 'scim_user_name', 'scim_external_id'] as const;
export type UserAttribute = (typeof USER_ATTRIBUTES)[number];

/** A user by an attribute. Ids of other systems are told apart letter by letter, all else without case. */
export function userName(attribute: UserAttribute, value: string): string {
  return `${attribute}:${attribute === 'scim_external_id' ? value : value.toLowerCase()}`;
}
