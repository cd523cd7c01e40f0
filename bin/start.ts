import { formatProblems } from '../core/config/problem.js';
import { isNative } from '../core/http/uws.js';
import { Gateway } from '../core/serve.js';
import { sayHearsSighup } from '../core/store/data-dir-pids.js';
import { createPool } from '../workers/pool.js';
import { createPrograms } from '../workers/programs.js';
import type { Flags } from './flags.js';
import { source } from './parts.js';
import { loadSettings } from './settings.js';
import { onStopSignals } from './stop-signals.js';
import { version } from './version.js';

/** `headgate start`: runs until it is told to stop. */
export async function startCommand(flags: Flags, entry: URL): Promise<void> {
  const loaded = await loadSettings(flags);
  if (loaded.warnings.length > 0) say(formatProblems(loaded.warnings, loaded.file));
  const pool = createPool({ threads: 1 });
  const programs = createPrograms();
  let starting: Promise<Gateway> | null = null;
  let running: Gateway | null = null;
  let code = 0;
  let ending: Promise<void> | null = null;
  let hurried = false;

  const end = async (): Promise<void> => {
    // Half a gateway cannot be taken apart in order: threads that listen would abort the process.
    const gateway = await starting?.catch(() => null);
    if (hurried) gateway?.hurry();
    const inTime = await gateway?.stop();
    if (inTime === false) code = 1;
    await Promise.all([pool.close(), programs.close()]);
    process.exit(code);
  };
  const stop = (): void => {
    ending ??= end().catch((error) => {
      say(`headgate: the stop failed: ${textOf(error)}`);
      process.exit(1);
    });
  };
  const fatal = (why: string): void => {
    // What goes wrong after that, while stopping, is most often its consequence.
    if (code !== 0) return;
    code = 1;
    say(`headgate: stopping: ${why}`);
    running?.log('error', 'stopping after an unexpected error', { error: why });
    stop();
  };
  // Whoever read our output may be gone before us; that is no reason to stop.
  for (const out of [process.stdout, process.stderr]) out.on('error', () => {});
  onStopSignals({
    stop: (signal) => {
      say(`headgate: ${signal}: no new requests; waiting for the running ones`);
      stop();
    },
    force: (signal) => {
      say(`headgate: ${signal} again: not waiting for the running requests any longer`);
      code = 1;
      hurried = true;
      running?.hurry();
    },
  });
  process.on('uncaughtException', (error) => fatal(textOf(error)));
  process.on('unhandledRejection', (reason) => fatal(textOf(reason)));

  starting = Gateway.start({
    load: () => loadSettings(flags),
    loaded,
    source,
    threadEntry: entry,
    countTokens: (model, text) => pool.run('countTokens', { model, text }),
    diffWords: (before, after) => pool.run('diffWords', { before, after }),
    runProgram: (program) => programs.run(program),
    pool: () => pool.state,
    version: version(),
    makesToken: true,
    onFatal: fatal,
  });
  const gateway = await starting;
  running = gateway;
  if (ending !== null) return;
  process.on('SIGHUP', () => void gateway.reload());
  sayHearsSighup(loaded.config.dataDir);
  if (!isNative)
    gateway.log('warn', 'the native HTTP server does not run on this Node.js; a slow one is used', {});
  process.stderr.write(welcome(gateway.url, gateway.madeToken));
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function textOf(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}

function welcome(url: string, token: string | null): string {
  const told =
    token === null
      ? ''
      : `
  The admin API (${url}/api) needs this token, which is told only now; \`headgate admin token --new\` makes another one:

  ${token}
`;
  return `
  Headgate is listening on ${url}. Try it:

  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model":"mock/hello","messages":[{"role":"user","content":"Hello"}]}'
${told}
`;
}
