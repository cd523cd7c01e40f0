import type { Stage } from '../pipeline.js';
import { admit } from '../stages/admit.js';
import { check } from '../stages/check.js';
import { receive } from '../stages/receive.js';
import { identifyForward } from './by-secret.js';
import { send } from './call.js';
import { choose } from './choose.js';
import { findModel } from './find-model.js';
import { plan } from './plan.js';
import { route } from './route.js';

/**
 * The life of a request that is only forwarded: the same first stages, then nothing is read of it but the model and the
 * ids it names. Like any request it is settled exactly once.
 */
export const forwardStages: readonly Stage[] = [
  admit, //     draining? in-flight cap? declared length?
  identifyForward, // who calls
  receive, //   the bytes of JSON; what is streamed stays outside
  findModel, // in JSON, or at the beginning of a form
  choose, //    by model, id, header or default: which provider, and whether the key may use it
  plan, //      the hooks of such requests
  check, //     limits, budgets: the request gates
  route, //     the route hooks, where a model's chain decides
  send, //      to the provider and back
];
