import { z } from 'zod';
import { ROLES } from '../../admin/role.js';
import { wants } from '../wants.js';
import { idForm, idPattern } from './entity-id.js';

/** `scim` is for programs. */
export const PEOPLE_ROLES = ROLES.filter((role) => role !== 'scim');

const place = (what: string) =>
  z.string(idForm).regex(idPattern, idForm).optional().describe(`Only in this ${what}, by its id.`);

/** Where a role holds; everywhere when no place is named. */
export const placeKeys = { organization: place('organization'), team: place('team') };

export const grantKeys = {
  role: z.enum(PEOPLE_ROLES).describe('What they may do; docs/people.md has the table.'),
  ...placeKeys,
};

interface Placed {
  organization?: string | undefined;
  team?: string | undefined;
}

export function hasOnePlace({ organization, team }: Placed): boolean {
  return organization === undefined || team === undefined;
}

export const twoPlaces = {
  path: ['team'],
  ...wants('an organization or a team, not both'),
};

/** Roles of a user. */
export const grants = z
  .array(z.strictObject(grantKeys).refine(hasOnePlace, twoPlaces), wants('a list of roles'))
  .max(100);
