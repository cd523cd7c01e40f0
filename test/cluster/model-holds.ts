import type { HoldAnswer, HoldAsk, HoldStore, SettleAsk } from '../../core/cluster/hold-store.js';

interface Field {
  hold: number;
  count: number;
  seq: number;
  at: number;
}

interface Counter {
  readonly fields: Map<string, Field>;
  base: [amount: number, until: number][] | null;
}

export const SETTLE_MS = 2_500;

const parsed = (text: string): [number, number][] => {
  const words = text.split(' ').filter((word) => word !== '');
  return Array.from({ length: words.length / 2 }, (_, i) => [Number(words[2 * i]), Number(words[2 * i + 1])]);
};
const nodeOf = (name: string): string => name.split('~')[0] ?? '';

/** What the script in Redis does, said again in another language: the same steps are put to both. */
export class ModelHolds {
  private counters = new Map<string, Counter>();
  private epochs = new Map<number, { id: string; since: number }>();
  private made = 0;

  constructor(private readonly now: () => number) {}

  /** All data is lost. */
  flush(): void {
    this.counters = new Map();
    this.epochs = new Map();
  }

  epoch(bucket: number, fresh = false): string {
    let epoch = this.epochs.get(bucket);
    if (epoch === undefined) {
      epoch = { id: `e${++this.made}`, since: fresh ? 0 : this.now() };
      this.epochs.set(bucket, epoch);
    }
    return epoch.id;
  }

  /** Of all nodes, with what was used before them. */
  held(key: string): number {
    const { fields, base } = this.at(key);
    return [...fields.values()].reduce((sum, { hold }) => sum + hold, this.sum(base));
  }

  as(me: string): HoldStore {
    return { hold: async (ask) => this.step(me, ask) };
  }

  step(me: string, ask: HoldAsk): HoldAnswer {
    const id = this.epoch(ask.bucket);
    if (id !== ask.epoch) return { ...EMPTY, status: 'epoch', epoch: id };
    const settling = SETTLE_MS - (this.now() - (this.epochs.get(ask.bucket)?.since ?? 0));
    const counter = this.at(ask.key);
    const { fields } = counter;
    let others = 0;
    let othersUsed = 0;
    const dead: [Field, number][] = [];
    const gone: string[] = [];
    for (const [name, field] of fields) {
      if (name === me) continue;
      if (ask.forgetMs > 0 && this.now() - field.at > ask.forgetMs) gone.push(name);
      else if (nodeOf(name) === nodeOf(me) && (ask.live || !ask.spared.split(' ').includes(name))) {
        dead.push([field, ask.forgetMs > 0 ? field.at + ask.forgetMs : 0]);
        gone.push(name);
      } else {
        others += field.hold;
        othersUsed += field.count;
      }
    }
    const mine = fields.get(me);
    const answer = (status: HoldAnswer['status'], hold: number, waitMs = 0): HoldAnswer => ({
      status,
      hold,
      others,
      othersUsed,
      baseSum: this.sum(counter.base),
      base: (counter.base ?? []).flat().join(' '),
      waitMs,
      epoch: id,
    });
    if (mine !== undefined && mine.seq >= ask.seq) return answer('stale', ask.floor);
    for (const name of gone) fields.delete(name);
    const given = parsed(ask.base);
    if (given.length > 0 && (counter.base === null || this.sum(given) > this.sum(counter.base)))
      counter.base = given;
    if (!ask.live) for (const [{ hold }, until] of dead) this.plus(counter, hold, until);
    if (ask.final) {
      if (!ask.live) this.plus(counter, ask.count, ask.forgetMs > 0 ? this.now() + ask.forgetMs : 0);
      fields.delete(me);
      return answer('ok', 0);
    }
    let [status, hold]: [HoldAnswer['status'], number] = ['ok', ask.floor];
    const asks = ask.need > ask.floor;
    const left = ask.cap - others - this.sum(counter.base);
    if (asks || ask.want > ask.floor) {
      if (settling > 0) status = asks ? 'wait' : 'ok';
      else if (ask.wantsBase && counter.base === null) status = asks ? 'base' : 'ok';
      else if (ask.cap === Number.POSITIVE_INFINITY) hold = Math.max(ask.floor, ask.want);
      else if (ask.need <= left) {
        const spare = Math.min(ask.want - ask.need, Math.floor((left - ask.need) / (2 * ask.nodes)));
        hold = Math.max(ask.floor, ask.need + spare);
      } else if (ask.least <= left && left > ask.floor) hold = left;
      else if (ask.least > ask.floor) status = 'refused';
    }
    fields.set(me, { hold, count: ask.count, seq: ask.seq, at: this.now() });
    return answer(status, hold, Math.max(0, settling));
  }

  /** A life that is over has used that much. */
  settle({ key, life, least, most, forgetMs }: SettleAsk): number | null {
    const counter = this.at(key);
    const field = counter.fields.get(life);
    if (field === undefined) return 0;
    if (counter.base === null) return null;
    const used = Math.max(Math.min(field.hold, most), least);
    this.plus(counter, used, forgetMs > 0 ? field.at + forgetMs : 0);
    counter.fields.delete(life);
    return field.hold - used;
  }

  private at(key: string): Counter {
    let counter = this.counters.get(key);
    if (counter === undefined) {
      counter = { fields: new Map(), base: null };
      this.counters.set(key, counter);
    }
    return counter;
  }

  private sum(base: Counter['base']): number {
    return (base ?? []).reduce(
      (sum, [amount, until]) => (until === 0 || until > this.now() ? sum + amount : sum),
      0,
    );
  }

  private plus(counter: Counter, amount: number, until: number): void {
    if (amount <= 0) return;
    if (until === 0) counter.base = [[this.sum(counter.base) + amount, 0]];
    else counter.base = [...(counter.base ?? []).filter(([, ends]) => ends > this.now()), [amount, until]];
  }
}

const EMPTY: HoldAnswer = {
  status: 'ok',
  hold: 0,
  others: 0,
  othersUsed: 0,
  baseSum: 0,
  base: '',
  waitMs: 0,
  epoch: '',
};
