import type { Config } from '../core/config/config.js';
import { holderOf } from '../core/store/data-dir-lock.js';

/** On Postgres the nodes hear of it from there; a gateway on the same SQLite file is told to look. */
export function tellGateway(config: Config): void {
  if (config.store.kind !== 'postgres') tellHolder(config.dataDir);
}

/** A gateway with that data folder is told to look at what was changed beside it. */
export function tellHolder(dataDir: string): void {
  const running = holderOf(dataDir);
  if (running === null) return;
  if (running.hearsSighup) process.kill(running.pid, 'SIGHUP');
  else
    process.stderr.write(
      'headgate: the program that runs the gateway here will know of it when it starts anew\n',
    );
}
