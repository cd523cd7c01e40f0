import { nearest } from '../core/config/nearest.js';
import { ConfigError } from '../core/config/problem.js';
import { StartError } from '../core/start-error.js';
import { type Flags, readFlags, UsageError } from './flags.js';
import { version } from './version.js';

const usage = `headgate [start]     start the gateway
headgate check       validate the configuration and print what it resolves to (--schema: its JSON Schema)
headgate providers   list the providers there are, and which have a key (--json)
headgate providers test NAME
                     send one tiny request to a provider and say what came of it (--model MODEL)
headgate models [PATTERN]
                     list the models there are with what they cost (--json)
headgate keys list   list the virtual keys there are (--json)
headgate keys create make one in the store and print it, once (--name, --models A,B, --budget USD/PERIOD, --rpm, --tpm,
                     --expires, --organization, --team, --project, --user)
headgate keys rotate ID
                     give one a new secret (--grace 1h: so long the old one still works)
headgate keys revoke ID
                     take one back
headgate ledger verify
                     compare the sums of usage with the records they derive from (--json)
headgate ledger rebuild
                     the same, and make them anew from the records
headgate store copy --to URL
                     everything that is kept, into an empty database: postgres://… or sqlite:PATH (--json)
headgate store reseal
                     encrypt what is secret in the store under the first key of HEADGATE_ENCRYPTION_KEY again
headgate admin token --new
                     make another admin token and print it, once; the one before does not work any longer
headgate export      print what the store defines as a headgate.yaml, without secrets (--of store|all)
headgate import FILE take a headgate.yaml into the store, "-" is the standard input (--dry-run, --prune, --json)
headgate mock        a mock provider server, for tests and demonstrations

  --config FILE      configuration (default: headgate.yaml, if there is one)
  --host HOST        address to listen on (default: 127.0.0.1)
  --port PORT        port to listen on (default: 8080)
  --threads N|auto   I/O threads (default: auto, one less than there are cores)
  --data DIR         where records are kept (default: ./data)
  --log-level LEVEL  trace, debug, info, warn, error, fatal or silent (default: info)
  --log-format WHICH json or pretty (default: json)
  --version, --help
`;

/** `words` are those after the command itself. */
type Command = (flags: Flags, entry: URL, words: readonly string[]) => Promise<void> | void;

/** Loaded when they are asked for: what one command needs is not held in memory by another. */
const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import('./start.js')).startCommand,
  check: async () => (await import('./check.js')).checkCommand,
  providers: async () => (await import('./providers.js')).providersCommand,
  models: async () => (await import('./models.js')).modelsCommand,
  keys: async () => (await import('./keys.js')).keysCommand,
  ledger: async () => (await import('./ledger.js')).ledgerCommand,
  store: async () => (await import('./store.js')).storeCommand,
  admin: async () => (await import('./admin.js')).adminCommand,
  export: async () => (await import('./export.js')).exportCommand,
  import: async () => (await import('./import.js')).importCommand,
  mock: async () => (await import('./mock.js')).mockCommand,
};

const TAKES_WORDS: ReadonlySet<string> = new Set([
  'providers',
  'models',
  'keys',
  'ledger',
  'store',
  'admin',
  'import',
]);

/** Exit codes: 0 all well, 1 the gateway could not run or go on, 2 what it was told makes no sense. */
export async function runCli(argv: readonly string[], entry: URL): Promise<void> {
  try {
    const { flags, words } = readFlags(argv);
    if (flags.help === true) {
      process.stdout.write(usage);
      return;
    }
    if (flags.version === true) {
      process.stdout.write(`${version()}\n`);
      return;
    }
    const name = words[0] ?? 'start';
    const command = commands[name];
    if (command === undefined || (words.length > 1 && !TAKES_WORDS.has(name)))
      throw new UsageError(unknownCommand(words));
    await (await command())(flags, entry, words.slice(1));
  } catch (error) {
    process.stderr.write(`headgate: ${explain(error)}\n`);
    process.exit(
      error instanceof UsageError || error instanceof ConfigError || isPluginProblem(error) ? 2 : 1,
    );
  }
}

function explain(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\n\n${usage}`;
  if (error instanceof ConfigError || error instanceof StartError) return error.message;
  if (error instanceof Error && isPluginProblem(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Also one that comes from an I/O thread, as a plain error of that name. */
function isPluginProblem(error: unknown): boolean {
  return error instanceof Error && error.name === 'PluginProblem';
}

function unknownCommand(words: readonly string[]): string {
  const word = words.find((one) => !(one in commands)) ?? words[1] ?? '';
  const near = nearest(word, Object.keys(commands));
  return `there is no command "${word}"${near === undefined ? '' : `; did you mean "${near}"?`}`;
}
