import { deserialize, serialize } from 'node:v8';
import type {
  HeldBefore,
  HoldAnswer,
  HoldAsk,
  HoldStore,
  LifeStore,
  SettleAsk,
} from '../../cluster/hold-store.js';
import { within } from '../../plugin/within.js';
import { type RedisClients, redisClients } from './redis-client.js';
import { type RedisTarget, shownRedis } from './redis-target.js';

/** How long the first connection may take, and each command. */
const START_MS = 5_000;
const COMMAND_MS = 1_000;
/** Others who hold something of a bucket that has lost it put it back within that time. */
const SETTLE_MS = 2_500;
/** A node that was not heard of for so long is gone. */
const PRESENT_MS = 3_000;
/** Largest value that plugins may share, bytes. */
const MOST_BYTES = 1_048_576;

/** What a server says that lets nobody in who comes so. */
const NOT_ALLOWED = /\b(WRONGPASS|NOAUTH|NOPERM)\b/;

/** Redis answers, and does not let this node in: waiting is no use. */
export class RedisRefusal extends Error {}

/** Redis as nodes of one cluster use it: holds, presence, messages, values. Nothing is asked twice by itself. */
export class RedisLink implements HoldStore, LifeStore {
  private readonly clients: RedisClients;
  private lastError: Error | null = null;
  /** A message of another node, or of this one. */
  onMessage: (text: string) => void = () => {};

  /**
   * @param name of the cluster: all its keys begin with it
   * @param node this incarnation of this node, `NODE~BOOT`
   * @param newEpoch makes the name of an epoch
   */
  constructor(
    private readonly target: RedisTarget,
    private readonly name: string,
    private readonly node: string,
    private readonly newEpoch: () => string,
  ) {
    this.clients = redisClients(target, (error) => {
      this.lastError = error;
    });
  }

  /** Host and port, for messages. */
  get shown(): string {
    return shownRedis(this.target);
  }

  /**
   * Rejects, with words for people, when nothing answers within five seconds; it is tried again and again until `close` then. Rejects
   * with a RedisRefusal when this node may not use it.
   */
  async connect(): Promise<void> {
    const { commands, listener } = this.clients;
    const hear = (): Promise<unknown> => listener.subscribe(this.channel);
    listener.on('message', (_channel: string, text: string) => this.onMessage(text));
    // Only what has been subscribed to once is subscribed to again by itself.
    listener.on('ready', () => void hear().catch(() => {}));
    try {
      await within(START_MS, async () => {
        await Promise.all([...new Set([commands, listener])].map((client) => client.connect()));
        await hear();
        await commands.ping();
      });
    } catch (error) {
      const why = this.lastError?.message ?? (error instanceof Error ? error.message : String(error));
      const where = `Redis (cluster.redis, ${this.shown})`;
      if (NOT_ALLOWED.test(why)) throw new RedisRefusal(`${where} cannot be used: ${why}`);
      throw new Error(`${where} cannot be reached: ${why}`);
    }
  }

  async hold(ask: HoldAsk): Promise<HoldAnswer> {
    const tag = this.tag(ask.bucket);
    const [status, hold, others, othersUsed, baseSum, base, waitMs, epoch] = await within(COMMAND_MS, () =>
      this.clients.commands.headgateHold(
        `${tag}c:${ask.key}`,
        `${tag}epoch`,
        `${tag}held:${this.node}`,
        this.node,
        ask.seq,
        ask.count.toFixed(0),
        ask.floor.toFixed(0),
        ask.least.toFixed(0),
        ask.need.toFixed(0),
        ask.want.toFixed(0),
        Number.isFinite(ask.cap) ? ask.cap.toFixed(0) : '-',
        ask.nodes,
        Math.ceil(ask.keepMs),
        Math.ceil(ask.forgetMs),
        ask.live ? 1 : 0,
        ask.wantsBase ? 1 : 0,
        ask.final ? 1 : 0,
        ask.epoch,
        this.newEpoch(),
        SETTLE_MS,
        ask.base,
        ask.about,
        ask.spared,
      ),
    );
    return {
      status: status as HoldAnswer['status'],
      hold: Number(hold),
      others: Number(others),
      othersUsed: Number(othersUsed),
      baseSum: Number(baseSum),
      base: base ?? '',
      waitMs: Number(waitMs),
      epoch: epoch ?? '',
    };
  }

  async alive(lives: readonly string[]): Promise<readonly string[]> {
    const { commands } = this.clients;
    const all = lives.map((life) => commands.zscore(this.presence, life));
    const scores = await within(COMMAND_MS, () => Promise.all(all));
    return lives.filter((_, i) => scores[i] !== null);
  }

  async heldBy(life: string, bucket: number): Promise<HeldBefore[]> {
    const tag = this.tag(bucket);
    const held = await within(COMMAND_MS, () => this.clients.commands.hgetall(`${tag}held:${life}`));
    return Object.entries(held).map(([key, about]) => ({ key: key.slice(`${tag}c:`.length), about }));
  }

  async settle({ key, bucket, life, least, most, forgetMs }: SettleAsk): Promise<number | null> {
    const tag = this.tag(bucket);
    const free = await within(COMMAND_MS, () =>
      this.clients.commands.headgateSettle(
        `${tag}c:${key}`,
        `${tag}held:${life}`,
        life,
        least.toFixed(0),
        most.toFixed(0),
        Math.ceil(forgetMs),
      ),
    );
    return free === '-' ? null : Number(free);
  }

  /** The epoch of each bucket; '' where there is none. */
  async epochs(buckets: number): Promise<string[]> {
    const { commands } = this.clients;
    const all = Array.from({ length: buckets }, (_, i) => commands.get(`${this.tag(i)}epoch`));
    const found = await within(COMMAND_MS, () => Promise.all(all));
    return found.map((text) => text?.split(' ')[0] ?? '');
  }

  /** Gives an epoch to those buckets that have none. `fresh`: nobody can have held anything in them. */
  async makeEpochs(buckets: number, fresh: boolean): Promise<void> {
    const { commands } = this.clients;
    const since = fresh ? 0 : Date.now();
    const all = Array.from({ length: buckets }, (_, i) =>
      commands.set(`${this.tag(i)}epoch`, `${this.newEpoch()} ${since}`, 'NX'),
    );
    await within(COMMAND_MS, () => Promise.all(all));
  }

  /** This node is there. The time on the server, and how many nodes are there. */
  async present(): Promise<{ now: number; nodes: number }> {
    const [now, nodes] = await within(COMMAND_MS, () =>
      this.clients.commands.headgatePresence(this.presence, this.node, PRESENT_MS),
    );
    return { now: Number(now), nodes: Math.max(1, Number(nodes)) };
  }

  /** Where this node is reached, until it has not said so for a while. @param run names it in its present run */
  async announce(run: string, address: string): Promise<void> {
    const { commands } = this.clients;
    await within(COMMAND_MS, () => commands.set(this.addressKey(run), address, 'PX', 2 * PRESENT_MS));
  }

  async unannounce(run: string): Promise<void> {
    await within(COMMAND_MS, () => this.clients.commands.del(this.addressKey(run)));
  }

  /** Null when it is gone, or has not said it. */
  async addressOf(run: string): Promise<string | null> {
    return within(COMMAND_MS, () => this.clients.commands.get(this.addressKey(run)));
  }

  async leave(): Promise<void> {
    await within(COMMAND_MS, () => this.clients.commands.zrem(this.presence, this.node));
  }

  /** To all nodes that listen, this one included. */
  async publish(text: string): Promise<void> {
    await within(COMMAND_MS, () => this.clients.commands.publish(this.channel, text));
  }

  async get(key: string): Promise<unknown> {
    const bytes = await within(COMMAND_MS, () => this.clients.commands.getBuffer(this.valueKey(key)));
    return bytes === null ? undefined : deserialize(bytes);
  }

  /** Rejects what is larger than a megabyte. */
  async set(key: string, value: unknown, ttlMs?: number): Promise<void> {
    const bytes = serialize(value);
    if (bytes.length > MOST_BYTES)
      throw new RangeError(`a value of ${bytes.length} bytes is too large to be shared (${MOST_BYTES})`);
    const { commands } = this.clients;
    await within(COMMAND_MS, () =>
      ttlMs === undefined
        ? commands.set(this.valueKey(key), bytes)
        : commands.set(this.valueKey(key), bytes, 'PX', Math.max(1, Math.ceil(ttlMs))),
    );
  }

  async delete(key: string): Promise<void> {
    await within(COMMAND_MS, () => this.clients.commands.del(this.valueKey(key)));
  }

  close(): void {
    for (const client of new Set([this.clients.commands, this.clients.listener])) client.disconnect();
  }

  /** In a Redis cluster, what has the same tag is at the same place. */
  private tag(bucket: number): string {
    return `${this.name}:{${this.name}:${bucket}}:`;
  }

  private valueKey(key: string): string {
    return `${this.name}:kv:${key}`;
  }

  private addressKey(run: string): string {
    return `${this.name}:at:${run}`;
  }

  private get channel(): string {
    return `${this.name}:news`;
  }

  private get presence(): string {
    return `${this.name}:nodes`;
  }
}
