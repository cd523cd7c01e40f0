import type { Config } from '../../config/config.js';
import type { LayeredConfig } from '../../plugin/load-config.js';
import type { StoredEntity } from '../../store/control/entity-rows.js';
import type { DefinedOver } from './definition-service.js';
import { inForce } from './in-force.js';

/** A configuration that nobody runs here: what is changed is checked against it, short of setting plugins up. */
export class Offline implements DefinedOver {
  constructor(
    private readonly file: LayeredConfig,
    /** What the store has before anything is changed. */
    private readonly before: readonly StoredEntity[],
  ) {}

  get config(): Config {
    return this.file.config;
  }

  get written(): LayeredConfig['written'] {
    return this.file.written;
  }

  async try(rows: readonly StoredEntity[], asked: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    const [was, would] = [await inForce(this.file, this.before), await inForce(this.file, rows)];
    const { shadowed } = would.loaded;
    return new Map(
      [...would.out].filter(([key]) => !shadowed.has(key) && (asked.has(key) || !was.out.has(key))),
    );
  }
}
