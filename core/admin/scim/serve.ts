import type { ControlAnswer } from '../../control.js';
import type { AdminRequest } from '../route.js';
import type { AdminParts } from '../routes.js';
import { providerConfig, resourceTypes, schemas } from './discovery.js';
import { createGroup, deleteGroup, listGroups, oneGroup, patchGroup, replaceGroup } from './groups.js';
import { ScimError, scimRefusal } from './scim-error.js';
import { createUser, deleteUser, listUsers, oneUser, patchUser, replaceUser } from './users.js';

/** SCIM 2.0, RFC 7643 and 7644: an identity provider keeps its users and groups here. */
export async function serveScim(parts: AdminParts, request: AdminRequest): Promise<ControlAnswer> {
  try {
    // Whoever keeps the directory says who is in it, whatever they may do here; who else may change what is no business of it.
    const { actor, source } = request.author;
    return await answerOf(parts, { ...request, author: { actor, source } });
  } catch (error) {
    if (error instanceof ScimError) return scimRefusal(error);
    throw error;
  }
}

async function answerOf(parts: AdminParts, request: AdminRequest): Promise<ControlAnswer> {
  const [, , , , what = ''] = request.path.split('/');
  if (what === 'ServiceProviderConfig') return providerConfig();
  if (what === 'ResourceTypes') return resourceTypes(request);
  if (what === 'Schemas') return schemas(request);
  const open = await parts.governance.open();
  const one = request.params['id'] !== undefined;
  const users = what === 'Users';
  switch (request.method) {
    case 'POST':
      return users ? createUser(open, request, parts) : createGroup(open, request);
    case 'PUT':
      return users ? replaceUser(open, request) : replaceGroup(open, request);
    case 'PATCH':
      return users ? patchUser(open, request) : patchGroup(open, request);
    case 'DELETE':
      return users ? deleteUser(open, request) : deleteGroup(open, request);
    default:
      if (one) return users ? oneUser(open, request) : oneGroup(open, request);
      return users ? listUsers(open, request) : listGroups(open, request);
  }
}
