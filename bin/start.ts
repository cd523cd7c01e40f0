import { formatProblems } from '../core/config/problem.js';
import { isNative } from '../core/http/uws.js';
import { checkPlugins } from '../core/plugin/check-plugins.js';
import { Gateway } from '../core/serve.js';
import { createPool } from '../workers/pool.js';
import type { Flags } from './flags.js';
import { source } from './parts.js';
import { settings } from './settings.js';

/** `headgate start`: runs until it is told to stop. */
export async function startCommand(flags: Flags, entry: URL): Promise<void> {
  const loaded = settings(flags);
  if (loaded.warnings.length > 0) process.stderr.write(`${formatProblems(loaded.warnings, loaded.file)}\n`);
  const pool = createPool({ threads: 1 });
  let gateway: Gateway | null = null;

  const end = async (code: number): Promise<void> => {
    const inTime = (await gateway?.stop()) ?? true;
    await pool.close();
    process.exit(code === 0 && !inTime ? 1 : code);
  };
  let failed = false;
  const fatal = (why: string): void => {
    // What goes wrong while stopping must not start another stop, or it never ends.
    if (failed) return;
    failed = true;
    process.stderr.write(`headgate: stopping: ${why}\n`);
    gateway?.log('error', 'stopping after an unexpected error', { error: why });
    end(1);
  };
  const onSignal = (signal: string): void => {
    process.stderr.write(`headgate: ${signal}: no new requests; waiting for the running ones\n`);
    end(0);
  };
  // Whoever read our output may be gone before us; that is no reason to stop.
  for (const out of [process.stdout, process.stderr]) out.on('error', () => {});
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);
  process.on('uncaughtException', (error) => fatal(error.stack ?? error.message));
  process.on('unhandledRejection', (reason) =>
    fatal(reason instanceof Error ? (reason.stack ?? '') : String(reason)),
  );

  gateway = await Gateway.start({
    load: () => settings(flags),
    loaded,
    source,
    threadEntry: entry,
    countTokens: (model, text) => pool.run('countTokens', { model, text }),
    onFatal: fatal,
  }).catch(async (error) => {
    // The same mistake once more, with its line in the file.
    if (error instanceof Error && error.name === 'PluginProblem') await checkPlugins(loaded, source);
    throw error;
  });
  const running = gateway;
  process.on('SIGHUP', () => void running.reload());
  if (!isNative)
    running.log('warn', 'the native HTTP server does not run on this Node.js; a slow one is used', {});
  process.stderr.write(welcome(running.url));
}

function welcome(url: string): string {
  return `
  Headgate is listening on ${url}. Try it:

  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model":"mock/hello","messages":[{"role":"user","content":"Hello"}]}'

`;
}
