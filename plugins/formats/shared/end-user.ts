import { createHash } from 'node:crypto';

/** OpenAI refuses longer ids of end users, others a little longer ones. */
const LONGEST = 64;

/**
 * The end user's id for a target of another API than the client's. Claude Code's ids have some 150 characters: of one that is
 * too long there is a hash, the same for the same user.
 */
export function endUser(id: string, same: boolean): string {
  return same || id.length <= LONGEST ? id : createHash('sha256').update(id).digest('hex');
}
