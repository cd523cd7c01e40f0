import { readFileSync } from 'node:fs';
import { EntityService } from '../core/admin/entity-service.js';
import { inFile } from '../core/admin/governance.js';
import { type ImportReport, importConfig } from '../core/admin/portable/import-config.js';
import { StartError } from '../core/start-error.js';
import { StoreError } from '../core/store/control/store-error.js';
import { type Flags, UsageError } from './flags.js';
import { openDefinitions } from './open-definitions.js';
import { loadSettings } from './settings.js';
import { tellGateway } from './tell-gateway.js';

/** `headgate import FILE`: a `headgate.yaml` into the store, all or nothing, whether a gateway runs or not. */
export async function importCommand(flags: Flags, _entry: URL, words: readonly string[]): Promise<void> {
  const [file, ...more] = words;
  if (file === 'litellm')
    throw new UsageError('configurations of LiteLLM cannot be imported by this version yet');
  if (file === undefined || more.length > 0)
    throw new UsageError('say what: headgate import FILE, or "-" for the standard input');
  const bytes = read(file);
  const { store, over, definitions, secret, loaded } = await openDefinitions(await loadSettings(flags));
  const { config } = loaded;
  const changed = async (): Promise<void> => tellGateway(config);
  try {
    const entities = new EntityService(store, (key) => inFile(config, key), changed);
    const report = await importConfig(
      bytes,
      { store, entities, definitions, over, secret, changed },
      {
        author: { actor: 'cli', source: '' },
        dryRun: flags['dry-run'] === true,
        prune: flags.prune === true,
        texts: { env: process.env, kept: config.admin.variables },
      },
    );
    process.stdout.write(`${flags.json === true ? JSON.stringify(report, null, 2) : told(report)}\n`);
  } catch (error) {
    if (error instanceof StoreError) throw new StartError(error.message);
    throw error;
  } finally {
    await store.close();
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new UsageError(`${file} cannot be read (${code})`);
  }
}

function told({
  dry_run: dry,
  created,
  updated,
  unchanged,
  deleted,
  skipped,
  ignored,
}: ImportReport): string {
  const lines = [
    ...created.map(({ kind, id }) => `+ ${kind} ${id}`),
    ...updated.map(({ kind, id }) => `~ ${kind} ${id}`),
    ...deleted.map(({ kind, id }) => `x ${kind} ${id}`),
    ...skipped.map(({ kind, id, why }) => `- ${kind} ${id}: skipped, ${why}`),
    ...ignored.map((section) => `- ${section}: ignored, it belongs into the file of each node`),
  ];
  const gone = deleted.length > 0 ? `${deleted.length} deleted, ` : '';
  const sums = `${created.length} made, ${updated.length} changed, ${gone}${unchanged.length} as they were`;
  return [...lines, dry ? `${sums}; nothing of it was done` : sums].join('\n');
}
