import type { Secret } from './secret.js';

/** What has a credential of its own: with the id behind it, whose it is. */
export type OwnerKind = 'user' | 'team' | 'organization' | 'key';

/** What a server wants to see of whoever asks it, beside fixed headers. Plain data. */
export type McpAuthConfig =
  | { readonly kind: 'none' }
  | UserHeaderConfig
  | { readonly kind: 'forward'; readonly headers: readonly ForwardedHeader[]; readonly users: UsersConfig }
  | OauthUsersConfig
  | ({ readonly kind: 'client_credentials' } & OauthClient)
  | ({
      readonly kind: 'token_exchange';
      readonly subjectType: string;
      readonly requestedType: string | null;
      readonly users: UsersConfig;
    } & OauthClient)
  | {
      readonly kind: 'sigv4';
      readonly service: string;
      readonly region: string;
      /** '' for what the environment has. */
      readonly key: Secret;
    };

export interface UserHeaderConfig {
  readonly kind: 'user_header';
  /** Lower case. */
  readonly name: string;
  readonly prefix: string;
  readonly per: OwnerKind;
  /** By `user:ID` and the like. */
  readonly values: ReadonlyMap<string, Secret>;
  readonly selfService: boolean;
  readonly users: UsersConfig;
}

/** Each user signs in at the authorization server. */
export interface OauthUsersConfig extends OauthClient {
  readonly kind: 'oauth';
  readonly per: OwnerKind;
  readonly users: UsersConfig;
}

/** Of connections that belong to one user each. */
export interface UsersConfig {
  readonly connections: number;
  readonly idleMs: number;
}

export interface ForwardedHeader {
  /** Lower case. */
  readonly from: string;
  readonly to: string;
  readonly prefix: string;
}

/** The gateway as a client of an authorization server. */
export interface OauthClient {
  /** Null: it registers itself. */
  readonly clientId: string | null;
  readonly clientSecret: Secret | null;
  /** Null: as the server says. */
  readonly issuer: string | null;
  readonly tokenUrl: string | null;
  /** Null: as the server says. */
  readonly scopes: readonly string[] | null;
  readonly resource: string | null;
  readonly audience: string | null;
}

/** The settings of connections of single users; null where all share one. */
export function usersOf(auth: McpAuthConfig): UsersConfig | null {
  return 'users' in auth ? auth.users : null;
}

/** Headers that it fills, lower case. */
export function headersOf(auth: McpAuthConfig): readonly string[] {
  switch (auth.kind) {
    case 'none':
      return [];
    case 'user_header':
      return [auth.name];
    case 'forward':
      return auth.headers.map(({ to }) => to);
    default:
      return ['authorization'];
  }
}
