/** How bad it is. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

interface RuleBase {
  /** Unique; what silences and the API call it. */
  readonly name: string;
  readonly severity: Severity;
  /** Names of destinations. */
  readonly to: readonly string[];
  /** It must hold for so long before it is told. */
  readonly forMs: number;
}

/** What is watched, with its threshold. Plain data: it travels between threads. */
export type AlertRule = RuleBase &
  (
    | { readonly when: 'budget'; readonly share: number; readonly forecast: boolean }
    | {
        readonly when: 'spend';
        readonly factor: number;
        readonly leastNanos: number;
        readonly days: number;
        /** Whose hours of the day are compared. */
        readonly timeZone: string;
      }
    | {
        readonly when: 'errors';
        readonly share: number;
        readonly leastRequests: number;
        readonly windowMs: number;
      }
    | {
        readonly when: 'latency';
        readonly aboveMs: number;
        readonly leastRequests: number;
        readonly windowMs: number;
      }
    | { readonly when: 'target' }
    | { readonly when: 'sink' }
    | { readonly when: 'store' }
    | { readonly when: 'expiry'; readonly beforeMs: number }
    | { readonly when: 'hanging'; readonly longerMs: number }
  );

export type DestinationSettings = { readonly name: string } & (
  | { readonly kind: 'slack' | 'teams' | 'discord'; readonly url: string }
  | { readonly kind: 'pagerduty'; readonly url: string; readonly routingKey: string }
  | { readonly kind: 'opsgenie'; readonly url: string; readonly apiKey: string }
  | {
      readonly kind: 'webhook';
      readonly url: string;
      readonly secret: string | null;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'email'; readonly smtp: string; readonly from: string; readonly to: readonly string[] }
);

export interface AlertSettings {
  readonly destinations: readonly DestinationSettings[];
  readonly rules: readonly AlertRule[];
  /** Rules are looked at so often. */
  readonly everyMs: number;
  /** Told again after that while it holds. */
  readonly repeatMs: number;
  /** Alerts that come so soon after another go with it. */
  readonly groupMs: number;
  /** This node for the others: no two have the same. */
  readonly id: string;
  /** This node for people. */
  readonly node: string;
}
