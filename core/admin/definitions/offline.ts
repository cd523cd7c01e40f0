import type { Config } from '../../config/config.js';
import type { LayeredConfig } from '../../plugin/load-config.js';
import type { StoredEntity } from '../../store/control/entity-rows.js';
import type { DefinedOver } from './definition-service.js';
import { type InForce, inForce, newlyOut } from './in-force.js';

/** A configuration that nobody runs here: what is changed is checked against it, short of setting plugins up. */
export class Offline implements DefinedOver {
  private constructor(
    private readonly file: LayeredConfig,
    private readonly now: InForce,
  ) {}

  /** @param rows what the store has before anything is changed */
  static async of(file: LayeredConfig, rows: readonly StoredEntity[]): Promise<Offline> {
    return new Offline(file, await inForce(file, rows));
  }

  get config(): Config {
    return this.file.config;
  }

  get written(): LayeredConfig['written'] {
    return this.file.written;
  }

  outOfForce(key: string): string | undefined {
    return this.now.out.get(key);
  }

  async try(rows: readonly StoredEntity[], asked: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    return newlyOut(await inForce(this.file, rows), this.now, asked);
  }
}
