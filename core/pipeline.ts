import type { Exchange } from './exchange.js';
import { fail } from './fail.js';
import { attemptTargets } from './model-call.js';
import { admit } from './stages/admit.js';
import { anchor } from './stages/anchor.js';
import { attach } from './stages/attach.js';
import { check } from './stages/check.js';
import { claim } from './stages/claim.js';
import { decode } from './stages/decode.js';
import { identify } from './stages/identify.js';
import { plan } from './stages/plan.js';
import { recall } from './stages/recall.js';
import { receive } from './stages/receive.js';
import { route } from './stages/route.js';
import { scan } from './stages/scan.js';

/** Something a stage waits for: a promise, or the request body, which needs none. */
export interface Wait {
  then(resume: () => void, refuse: (reason: unknown) => void): unknown;
}

/** Does its part, throws a GatewayError, or answers the client itself; returns what to wait for, if anything. */
// biome-ignore lint/suspicious/noConfusingVoidType: most stages return nothing
export type Stage = (x: Exchange) => Wait | void;

/**
 * The life of a request. `accept` (1) has made the exchange; each stage below does one thing to it; the last one goes
 * through the targets, attempt by attempt (encode 10, sign 11, dispatch 12, judge 13, relay 14: see attempt.ts), and
 * whatever happens, `settle` (15) runs exactly once. docs/lifecycle.md says how each stage can end a request.
 */
export const stages: readonly Stage[] = [
  admit, //          2  draining? in-flight cap? declared length?
  identify, //       3  who calls: virtual key, plugins' identify gates
  receive, //        4  the body's bytes, within the limit
  scan, //           5  offsets of the few fields that are needed
  plan, //           6  model → route and compiled plan
  recall, //            the conversation so far, where the API keeps it
  attach, //            tools of servers; a run of them goes on by itself
  claim, //             whose are the files and the like that it names
  decode, //         7  to the hub, only if the plan needs it
  check, //          8  limits, budgets, caches, guards: the request gates
  route, //          9  an ordered list of targets
  anchor, //            those that know the conversation and the files; the background
  attemptTargets, // 10–14
];

/** Runs a list's stages from `x.at` on, without a promise unless a stage waits for one. */
export function proceed(x: Exchange, list: readonly Stage[] = stages): void {
  try {
    while (x.at < list.length && !x.answered) {
      const wait = (list[x.at++] as Stage)(x);
      if (wait === undefined) continue;
      // So that it is found when the gateway can wait no longer.
      x.io.deadlines.add(x);
      wait.then(
        () => {
          x.io.deadlines.delete(x);
          proceed(x, list);
        },
        (reason) => fail(x, reason),
      );
      return;
    }
  } catch (reason) {
    fail(x, reason);
  }
}
