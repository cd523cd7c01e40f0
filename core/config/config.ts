import type { JsonObject } from '@headgate/sdk';
import type { Grant, Role } from '../admin/role.js';
import type { AlertRule, DestinationSettings } from '../alerts/alert-settings.js';
import type { PriceOverrides } from '../catalog/prices/override.js';
import type { JwtIssuer } from '../identity/jwt/issuer.js';
import type { BodyKeeping, BodyWish, S3Settings } from '../observe/bodies/body-settings.js';
import type { LogLevel } from '../observe/line-level.js';
import type { LogFormat } from '../observe/log-line.js';
import type { MetricSettings } from '../observe/metric-labels.js';
import type { TraceWord } from '../own-trace.js';
import type { SinkDelivery, SinkSettings } from '../sinks/sink-settings.js';
import type { BillRule } from '../store/bill-rules.js';
import type { RedisTarget } from '../store/redis/redis-target.js';
import type { EntityConfig, KeyRules } from './entity.js';
import type { FetchRule } from './fetch-rule.js';
import type { AttachedTools, McpConfig } from './mcp-config.js';
import type { Secret } from './secret.js';
import type { EjectionRules } from './sections/ejection.js';
import type { Timeouts } from './sections/timeouts.js';

/** The configuration the gateway runs with: every default filled in, times in ms, sizes in bytes, paths absolute. */
export interface Config {
  /** Absolute path of the file; null when there is none. */
  readonly file: string | null;
  /** Absolute path of the folder for what the gateway writes (records, spool). */
  readonly dataDir: string;
  readonly server: ServerConfig;
  readonly admin: {
    readonly token: Secret | null;
    /** Null: one that is kept in the data folder. */
    readonly secret: Secret | null;
    /** What credentials in the store are encrypted under, as it was given; null: none are taken. */
    readonly encryptionKey: Secret | null;
    /** Environment variables that the store may name. */
    readonly variables: readonly string[];
    /** False: on loopback the admin API needs no token where none is set. */
    readonly required: boolean;
    readonly groups: readonly GroupRole[];
    readonly oidc: OidcConfig | null;
  };
  /** Users of the file, by id: how they are told, and what they may do. */
  readonly people: ReadonlyMap<string, Person>;
  readonly auth: AuthConfig;
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  /** By public name. */
  readonly models: ReadonlyMap<string, ModelConfig>;
  /** For models that do not say it themselves. */
  readonly onUnsupported: OnUnsupported;
  /** By `provider/model`: what the operator says of it. */
  readonly prices: PriceOverrides;
  /** For keys and models that do not say it themselves. */
  readonly unpriced: Unpriced;
  /** Client API → id of the provider that gets what names no other. */
  readonly defaults: ReadonlyMap<string, string>;
  /** Virtual keys may use what others have stored at providers. */
  readonly sharedObjects: boolean;
  readonly keys: readonly VirtualKeyConfig[];
  /** Organizations, teams, projects, users, customers and tags of the file, by {@link entityKey}. */
  readonly entities: ReadonlyMap<string, EntityConfig>;
  /** Something in the store has limits or budgets: the plugins that count are there for it. */
  readonly storedRules: boolean;
  /** What the store defines and is not in force: requests for it are refused, whatever else has that name. */
  readonly heldBack: HeldBack;
  readonly realtime: RealtimeConfig;
  readonly responses: ResponsesConfig;
  /** Null: no server's tools are offered. */
  readonly mcp: McpConfig | null;
  readonly plugins: readonly PluginConfig[];
  readonly store: StoreConfig;
  /** Null: this node is the only one. */
  readonly cluster: ClusterConfig | null;
  readonly ledger: LedgerConfig;
  readonly billing: BillingConfig;
  readonly observability: ObservabilityConfig;
  /** Null: nobody is told of anything. */
  readonly alerts: AlertsConfig | null;
}

/** Who is told when something is wrong. */
export interface AlertsConfig {
  readonly destinations: readonly Secret<DestinationSettings>[];
  readonly rules: readonly AlertRule[];
  readonly everyMs: number;
  readonly repeatMs: number;
  readonly groupMs: number;
}

/** Ids of providers and names of public models. */
export interface HeldBack {
  readonly providers: ReadonlySet<string>;
  readonly models: ReadonlySet<string>;
}

/** What everybody in a group of the identity provider may do. */
export interface GroupRole extends Grant {
  readonly group: string;
}

export interface Person {
  readonly email: string | null;
  readonly roles: readonly Grant[];
}

export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  /** Null: a public client. */
  readonly clientSecret: Secret | null;
  readonly scopes: readonly string[];
  /** Null: as the browser names this machine. */
  readonly redirectUrl: string | null;
  readonly groupsClaim: string;
  /** The claim that users who are known already are found by; null: the e-mail address, if it is verified. */
  readonly linkClaim: string | null;
  readonly defaultRole: Role | null;
  readonly createUsers: boolean;
  readonly idleMs: number;
  readonly absoluteMs: number;
}

/** What becomes of requests to models whose price nobody knows. */
export type Unpriced = 'allow' | 'warn' | 'deny';

export interface ServerConfig {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly threads: 'auto' | number;
  readonly bodyLimitBytes: number;
  /** Of bodies that are forwarded as they come. */
  readonly uploadLimitBytes: number;
  /** Per I/O thread. */
  readonly maxInFlight: number;
  readonly maxHeaders: number;
  readonly maxHeaderBytes: number;
  readonly drainTimeoutMs: number;
  /** Where `host.fetch` may go beside public addresses. */
  readonly fetchAllow: readonly FetchRule[];
  /** Absolute paths of PEM files. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
}

export interface ClusterConfig {
  /** Where the other nodes reach this one; null: as it listens. */
  readonly address: string | null;
  /** Of the cluster: what its keys in Redis begin with. */
  readonly name: string;
  readonly policy: 'open' | 'closed' | 'local-share';
  /** May hold passwords. */
  readonly redis: Secret<RedisTarget>;
}

export interface AuthConfig {
  /** Whether the data plane needs a virtual key. */
  readonly required: boolean;
  /** `default`: nothing was said and the file has no keys, so keys in the store may still make it true. */
  readonly from: 'setting' | 'keys' | 'default';
  /** Whose tokens are taken in place of virtual keys. */
  readonly jwt: readonly JwtIssuer[];
}

export interface ProviderConfig {
  readonly id: string;
  /** Id of the built-in row at the end of the `extends` chain; its own id for a built-in provider. */
  readonly row: string;
  readonly extends: string | null;
  /** Without a trailing slash, its variables in place; null for a provider that answers inside the process. */
  readonly baseUrl: string | null;
  /** Those of the row that it needs. */
  readonly variables: ReadonlyMap<string, VariableConfig>;
  readonly keys: readonly ProviderKeyConfig[];
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, Secret>;
  /** Wire format → path, instead of the row's; null leaves the row's. */
  readonly formats: Readonly<Record<string, string>> | null;
  /** Wire formats whose answers it does not keep; null: as its row says. */
  readonly stateless: readonly string[] | null;
  readonly timeouts: Timeouts;
  /** Its prices are looked up under this id of a row. */
  readonly priceId: string;
  /** Nothing to pay: local servers and the mock. */
  readonly free: boolean;
  /** Why it is there: the file, the store, a variable of the environment, a target that names it, or always. */
  readonly origin: 'file' | 'store' | 'env' | 'target' | 'built-in';
}

/** What stands for a hole in a provider's row. No secret. */
export interface VariableConfig {
  readonly value: string;
  /** For people: `file`, `env AWS_REGION`, `default`. */
  readonly source: string;
}

export interface ProviderKeyConfig {
  readonly value: Secret;
  readonly weight: number;
  readonly name: string | null;
  /** Patterns with `*`; null is all. */
  readonly models: readonly string[] | null;
  /** For people: `file`, `file, ${OPENAI_API_KEY}`, `store`, `env OPENAI_API_KEY`. */
  readonly source: string;
}

export interface ModelConfig {
  readonly name: string;
  readonly strategy: 'fallback' | 'weighted';
  readonly targets: readonly TargetConfig[];
  readonly retries: RetriesConfig;
  /** Null: no target is taken out. */
  readonly ejection: EjectionRules | null;
  /** Null: as the gateway does. */
  readonly onUnsupported: OnUnsupported | null;
  /** Null: as the gateway does. */
  readonly unpriced: Unpriced | null;
  /** Tools that its requests get; null: none. */
  readonly attached: AttachedTools | null;
  /** Limit of the whole request over all targets, ms. */
  readonly totalMs: number;
}

/** What becomes of request fields that a target's wire format has no words for. */
export type OnUnsupported = 'drop' | 'warn' | 'reject';

export interface TargetConfig {
  readonly provider: string;
  /** The provider's own name of the model; may contain slashes. */
  readonly model: string;
  readonly weight: number;
  /** Model over provider over default. For the whole request, `ModelConfig.totalMs` counts. */
  readonly timeouts: Timeouts;
}

export interface RetriesConfig {
  /** Tries at each target, the first one included. */
  readonly attempts: number;
  /** Classes such as `5xx` are spelt out. */
  readonly statuses: ReadonlySet<number>;
  readonly onTimeout: boolean;
  readonly onConnection: boolean;
  readonly backoffInitialMs: number;
  readonly backoffMaxMs: number;
}

export interface VirtualKeyConfig extends KeyRules {
  readonly name: string;
  /** What clients send; null where only its hash is known. */
  readonly value: Secret | null;
  /** `hmac-sha256:…` or `sha256:…`, hexadecimal; null where the value itself is known. */
  readonly hash: string | null;
}

/** Sessions over WebSockets. */
export interface RealtimeConfig {
  /** Either way. */
  readonly messageLimitBytes: number;
  /** Each try at a provider. */
  readonly handshakeTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxDurationMs: number;
}

/** What is kept of answers whose provider keeps nothing. */
export interface ResponsesConfig {
  readonly store: boolean;
  readonly keepMs: number;
  /** Of one answer with its conversation. */
  readonly maxBytes: number;
  readonly maxTotalBytes: number;
}

export interface PluginConfig {
  /** As written. */
  readonly use: string;
  /** Absolute path when `use` is a path; null when it is a name. */
  readonly path: string | null;
  readonly name: string | null;
  /** May hold secrets of the environment, which printing hides. */
  readonly config: Secret<JsonObject>;
  readonly order: number | null;
  readonly onFailure: 'open' | 'closed' | null;
  readonly timeoutMs: number | null;
}

export type StoreConfig =
  | {
      readonly kind: 'sqlite';
      /** Absolute path, or `:memory:`. */
      readonly path: string;
    }
  | {
      readonly kind: 'postgres';
      /** May hold a password. */
      readonly url: Secret;
    };

/** What is charged on for requests. */
export interface BillingConfig {
  /** Of the months of invoices. */
  readonly timeZone: string;
  /** The first that fits a request counts. */
  readonly rules: readonly BillRule[];
}

/** How surely records are kept, and how long. */
export interface LedgerConfig {
  /** `request`: an answer ends only when its record is on disk. */
  readonly durable: 'batch' | 'request';
  /** What becomes of requests while records cannot be written. */
  readonly onFailure: 'serve' | 'refuse';
  readonly retention: {
    readonly recordDays: number;
    /** Null: as many as are usual for the store. */
    readonly maxRecords: number | null;
    /** Null: no bound. */
    readonly maxBytes: number | null;
    readonly quarterDays: number;
    /** Null: for ever. */
    readonly sumDays: number | null;
  };
}

export interface OtlpConfig {
  /** May hold a credential. */
  readonly url: Secret;
  readonly headers: ReadonlyMap<string, Secret>;
  readonly metrics: boolean;
  /** How traces go to it; null: none do. */
  readonly traces: SinkDelivery | null;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface ObservabilityConfig {
  readonly prometheus: boolean;
  readonly metrics: MetricSettings;
  /** What providers are told of traces. */
  readonly traceHeaders: TraceWord;
  /** Names of metadata that records keep. */
  readonly metadata: readonly string[];
  /** Collectors that are told over OTLP. */
  readonly otlp: readonly OtlpConfig[];
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly logRequests: boolean;
  readonly sinks: readonly SinkConfig[];
  /** Whose requests and answers are kept, and what becomes of them. */
  readonly bodies: BodyWish;
  readonly bodyKeeping: Omit<BodyKeeping, 's3' | 'earlierS3'> & {
    readonly s3: S3Config | null;
    readonly earlierS3: readonly S3Config[];
  };
}

type S3Config = Omit<S3Settings, 'secretAccessKey'> & { readonly secretAccessKey: Secret };

/** Somebody who is told of settled requests. */
export interface SinkConfig extends Omit<SinkSettings, 'values'> {
  readonly values: Secret<Readonly<Record<string, unknown>>>;
}
