import type { Usage } from '@headgate/sdk';
import type { Form } from './form.js';
import type { ForwardPath } from './forward-path.js';
import type { NestedModel } from './session-model.js';

const NO_IDS: ReadonlySet<string> = new Set();

/** What is known of a request that is only forwarded, beside its exchange. */
export class Forward {
  form: Form | null = null;
  /** The provider key that made what the request is about: no other knows of it. */
  keyName: string | null = null;
  /** The virtual key that made it; null when that is not known, or it is about nothing that was made. */
  holder: string | null = null;
  /** Of the provider that made it, which is the only one that knows it: in the place of the gateway's key. */
  secret: { readonly value: string; readonly provider: string } | null = null;
  /** Where a session in the body names its model. */
  nested: NestedModel | null = null;
  /** Ids that it names. */
  ids: ReadonlySet<string> = NO_IDS;
  /** The body names a model that decides where it goes, and there is to have the target's name. */
  byModel = false;

  /** As the adapter says that wrote the answer; null where the answer itself tells. */
  usage: Usage | null = null;

  constructor(readonly path: ForwardPath) {}

  /** The request is over. */
  close(): void {
    this.form?.close();
    this.form = null;
  }
}
