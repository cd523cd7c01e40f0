import type { JsonObject } from '@headgate/sdk';
import type { Ids } from './ids.js';
import type { Script } from './script.js';

/** What one API of the mock gets to make its answer from. */
export interface Scene {
  body: JsonObject;
  model: string;
  script: Script;
  ids: Ids;
  /** Unix seconds. */
  created: number;
}
