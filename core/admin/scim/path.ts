/** What paths of SCIM begin with. */
export const SCIM = '/api/scim/v2/';
