import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import { AlertService } from '../../core/alerts/alert-service.js';
import type { AlertRule, AlertSettings, DestinationSettings } from '../../core/alerts/alert-settings.js';
import { type AlertView, conditionsOf } from '../../core/alerts/conditions.js';
import type { AlertNotice } from '../../core/alerts/notice.js';
import { RequestWindow } from '../../core/alerts/request-window.js';
import { type LedgerSql, openLedgerSql, type SqlValue } from '../../core/store/ledger-sql.js';
import { Poster } from '../../core/upstream/poster.js';
import { startVendors, type Vendors } from '../fakes/alert-vendors.js';
import { noPostgres, startPostgres } from '../store/real-postgres.js';
import { settled } from '../store/records.js';
import { tempDir } from '../store/temp-dir.js';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const MINUTE = 60_000;
const base = { severity: 'warning', to: ['hook'], forMs: 0 } as const;
const STORE: AlertRule = { ...base, name: 'store', when: 'store' };
const TARGET: AlertRule = { ...base, name: 'target', when: 'target', forMs: 2 * MINUTE };

/** A database that several nodes may share. */
async function database(file = join(tempDir(), 'ledger.db')): Promise<{ sql: LedgerSql; file: string }> {
  const sql = await openLedgerSql({ kind: 'sqlite', path: file });
  open.push(() => sql.close());
  return { sql, file };
}

const WELL: AlertView = {
  now: 0,
  node: 'n1',
  budgets: [],
  expiring: [],
  over: () => [],
  failing: [],
  ejected: [],
  sinks: [],
  troubles: {},
  longest: [],
  spend: async () => ({ last: 0, before: [] }),
  knownMs: null,
};

interface Node {
  readonly service: AlertService;
  view: Partial<AlertView>;
}

interface World {
  readonly vendors: Vendors;
  readonly clock: { now: number };
  readonly said: string[];
  node(sql: LedgerSql, more?: Partial<AlertSettings>): Node;
  /** Alerts that the webhook was told of, a message a list. */
  told(): string[][];
}

async function world(): Promise<World> {
  const vendors = await startVendors();
  const poster = new Poster();
  open.push(
    () => vendors.close(),
    () => poster.close(),
  );
  const clock = { now: Date.UTC(2026, 10, 27, 12) };
  const said: string[] = [];
  return {
    vendors,
    clock,
    said,
    node(sql, more = {}) {
      const node: Node = {
        view: {},
        service: new AlertService(
          {
            destinations: [
              { name: 'hook', kind: 'webhook', url: `${vendors.url}/webhook`, secret: null, headers: {} },
            ],
            rules: [STORE, TARGET],
            everyMs: 15_000,
            repeatMs: 60 * MINUTE,
            groupMs: 0,
            node: 'n1',
            id: more.node ?? 'n1',
            ...more,
          },
          {
            sql,
            view: async () => ({ ...WELL, node: more.node ?? 'n1', now: clock.now, ...node.view }),
            send: (post, timeoutMs) => poster.post(post.url, post.headers, post.body, timeoutMs),
            now: () => clock.now,
            log: (level, message) => said.push(`${level} ${message}`),
          },
        ),
      };
      open.push(() => node.service.close());
      return node;
    },
    told: () =>
      vendors.told.map(({ body }) =>
        (body['alerts'] as AlertNotice[]).map(({ state, title }) => `${state} ${title}`),
      ),
  };
}

const failing = (inRow = 5) => ({ failing: [{ provider: 'openai', model: 'gpt-4o', inRow }] });

describe('an alert', () => {
  it('is told once it has held for long enough, again after a while, and when it is over', async () => {
    const { clock, told, node } = await world();
    const { sql } = await database();
    const one = node(sql);
    one.view = failing();
    await one.service.look();
    clock.now += MINUTE;
    await one.service.look();
    expect(told()).toEqual([]);
    clock.now += MINUTE;
    await one.service.look();
    await one.service.look();
    const firing = ['firing openai/gpt-4o does not answer'];
    expect(told()).toEqual([firing]);
    clock.now += 59 * MINUTE;
    await one.service.look();
    expect(told()).toEqual([firing]);
    clock.now += MINUTE;
    await one.service.look();
    expect(told()).toEqual([firing, firing]);
    // What is gone for a moment is not over.
    one.view = {};
    await one.service.look();
    one.view = failing(9);
    clock.now += 30_000;
    await one.service.look();
    one.view = {};
    await one.service.look();
    clock.now += 59_000;
    await one.service.look();
    expect(told()).toHaveLength(2);
    clock.now += 1_000;
    await one.service.look();
    expect(told()).toEqual([firing, firing, ['resolved openai/gpt-4o does not answer']]);
    expect(await one.service.answer({ do: 'list' })).toMatchObject({ alerts: [] });
  });

  it('goes with those that come soon after it', async () => {
    const { clock, told, node } = await world();
    const { sql } = await database();
    const one = node(sql, { groupMs: 30_000 });
    one.view = { troubles: { database: 'locked' } };
    await one.service.look();
    clock.now += 15_000;
    one.view = { troubles: { database: 'locked', spool: 'full' } };
    await one.service.look();
    expect(told()).toEqual([]);
    clock.now += 15_000;
    await one.service.look();
    expect(told()).toEqual([['firing The database of n1 fails', 'firing The spool of n1 fails']]);
  });

  it('is not told while it is silenced, and is once the silence is over', async () => {
    const { clock, told, node } = await world();
    const { sql } = await database();
    const one = node(sql);
    const about = { rule: 'store', subject: null, comment: 'we know', by: 'admin' };
    const made = await one.service.answer({
      do: 'silence',
      silence: { ...about, untilMs: clock.now + 10 * MINUTE },
    });
    one.view = { troubles: { database: 'locked' } };
    await one.service.look();
    expect(await one.service.answer({ do: 'list' })).toMatchObject({
      alerts: [{ rule: 'store', state: 'silenced', toldMs: null }],
      silences: [{ comment: 'we know' }],
    });
    clock.now += 10 * MINUTE;
    await one.service.look();
    expect(told()).toEqual([['firing The database of n1 fails']]);
    if (!('silence' in made)) throw new Error('no silence');
    expect(await one.service.answer({ do: 'unsilence', id: made.silence.id })).toEqual({ removed: true });
    expect(await one.service.answer({ do: 'unsilence', id: made.silence.id })).toEqual({ removed: false });
  });

  it('is known after a restart: not told twice, and told when it is over', async () => {
    const { clock, told, node } = await world();
    const { sql, file } = await database();
    const before = node(sql);
    before.view = { troubles: { database: 'locked' } };
    await before.service.look();
    await before.service.close();
    const { sql: again } = await database(file);
    const after = node(again);
    after.view = before.view;
    clock.now += MINUTE;
    await after.service.look();
    expect(told()).toEqual([['firing The database of n1 fails']]);
    after.view = {};
    await after.service.look();
    clock.now += MINUTE;
    await after.service.look();
    expect(told().at(-1)).toEqual(['resolved The database of n1 fails']);
  });

  it('that a rule cannot look at stays as it is', async () => {
    const { clock, told, node } = await world();
    const { sql } = await database();
    const spend: AlertRule = {
      ...base,
      name: 'spend',
      when: 'spend',
      factor: 3,
      leastNanos: 1e9,
      days: 7,
      timeZone: 'UTC',
    };
    const one = node(sql, { rules: [spend] });
    one.view = { spend: async () => ({ last: 10e9, before: [1e9, 2e9, 0] }) };
    await one.service.look();
    one.view = { spend: () => Promise.reject(new Error('the database is away')) };
    clock.now += 10 * MINUTE;
    await one.service.look();
    expect(told()).toEqual([['firing $10.00 were spent in an hour']]);
  });
});

describe('several nodes', () => {
  it('tell once of what both find, and another one goes on when the first is gone', async () => {
    const { clock, told, vendors, node } = await world();
    const { sql, file } = await database();
    const { sql: other } = await database(file);
    const first = node(sql, { rules: [{ ...TARGET, forMs: 0 }] });
    const second = node(other, { rules: [{ ...TARGET, forMs: 0 }], node: 'n2' });
    first.view = failing(5);
    second.view = failing(8);
    // The second says what it has found before the first tells.
    await first.service.look();
    await second.service.look();
    await first.service.look();
    expect(told()).toEqual([['firing openai/gpt-4o does not answer']]);
    expect(vendors.told[0]?.body).toMatchObject({
      source: 'n1',
      alerts: [{ text: expect.stringContaining('5') }],
    });
    // It is killed: its lease ends by itself, and what it knew is in the database.
    clock.now += 61_000;
    second.view = {};
    await second.service.look();
    clock.now += MINUTE;
    await second.service.look();
    expect(told().at(-1)).toEqual(['resolved openai/gpt-4o does not answer']);
    expect(vendors.told.at(-1)?.body).toMatchObject({ source: 'n2' });
    expect(told()).toHaveLength(2);
  });
});

describe.skipIf(noPostgres !== null)('nodes on one Postgres', () => {
  it('agree who of them tells', async () => {
    const postgres = await startPostgres();
    open.push(() => postgres.stop());
    const { clock, told, node } = await world();
    const url = await postgres.database();
    const nodes = await Promise.all(
      ['n1', 'n2', 'n3'].map(async (name) => {
        const sql = await openLedgerSql({ kind: 'postgres', url });
        open.push(() => sql.close());
        return node(sql, { node: name, rules: [{ ...TARGET, forMs: 0 }] });
      }),
    );
    for (const one of nodes) one.view = failing();
    // They begin together, and make the table together: who fails at that tries again.
    for (let i = 0; i < 3; i++) {
      await Promise.all(nodes.map(({ service }) => service.look()));
      clock.now += 15_000;
    }
    expect(told()).toEqual([['firing openai/gpt-4o does not answer']]);
    for (const one of nodes) one.view = {};
    for (let i = 0; i < 6; i++) {
      await Promise.all(nodes.map(({ service }) => service.look()));
      clock.now += 15_000;
    }
    expect(told().at(-1)).toEqual(['resolved openai/gpt-4o does not answer']);
    expect(told()).toHaveLength(2);
  });
});

describe('without a database', () => {
  it('a node tells for itself, after a while, and goes on from that when it answers again', async () => {
    const { clock, said, told, node } = await world();
    const { sql } = await database();
    let away = true;
    const gate = (work: 'run' | 'all') => (text: string, values?: readonly SqlValue[]) =>
      away ? Promise.reject(new Error('away')) : sql[work](text, values);
    const one = node({ ...sql, kind: 'sqlite', run: gate('run'), all: gate('all') } as LedgerSql);
    one.view = { troubles: { database: 'away' } };
    for (let i = 0; i < 3; i++) {
      expect(told()).toEqual([]);
      await one.service.look();
      clock.now += 15_000;
    }
    expect(told()).toEqual([['firing The database of n1 fails']]);
    away = false;
    one.view = {};
    for (let i = 0; i < 6; i++) {
      await one.service.look();
      clock.now += 15_000;
    }
    expect(told()).toEqual([['firing The database of n1 fails'], ['resolved The database of n1 fails']]);
    expect(said).toEqual(['warn what is kept of alerts cannot be read']);
    expect(await one.service.answer({ do: 'list' })).toMatchObject({ alerts: [] });
  });
});

describe('several nodes without a database', () => {
  it('each tell only what is new, and what was told is ended by the one that leads afterwards', async () => {
    const { clock, told, vendors, node } = await world();
    const { sql, file } = await database();
    const { sql: other } = await database(file);
    let away = false;
    const gated = (db: LedgerSql): LedgerSql => {
      const gate = (work: 'run' | 'all') => (text: string, values?: readonly SqlValue[]) =>
        away ? Promise.reject(new Error('away')) : db[work](text, values);
      return { ...db, kind: 'sqlite', run: gate('run'), all: gate('all') } as LedgerSql;
    };
    const rules = [STORE, { ...TARGET, forMs: 0 }];
    const first = node(gated(sql), { rules });
    const second = node(gated(other), { rules, node: 'n2' });
    const look = async (): Promise<void> => {
      await first.service.look();
      await second.service.look();
      clock.now += 15_000;
    };
    first.view = { ...failing(), troubles: { spool: 'full' } };
    second.view = failing();
    await look();
    await look();
    const before = ['firing openai/gpt-4o does not answer', 'firing The spool of n1 fails'];
    expect(told().flat().toSorted()).toEqual(before.toSorted());

    away = true;
    first.view = { ...failing(), troubles: { spool: 'full', database: 'away' } };
    second.view = { ...failing(), troubles: { database: 'away' } };
    // For longer than an alert lasts that nobody finds: that of the other node cannot be seen from here.
    for (let i = 0; i < 9; i++) await look();
    expect(told().flat().slice(2).toSorted()).toEqual([
      'firing The database of n1 fails',
      'firing The database of n2 fails',
    ]);
    const bySource = (): unknown[] => vendors.told.slice(-2).map(({ body }) => body['source']);
    expect(bySource().toSorted()).toEqual(['n1', 'n2']);

    away = false;
    first.view = failing();
    second.view = failing();
    for (let i = 0; i < 7; i++) await look();
    expect(told().flat().slice(4).toSorted()).toEqual([
      'resolved The database of n1 fails',
      'resolved The database of n2 fails',
      'resolved The spool of n1 fails',
    ]);
    expect(await second.service.answer({ do: 'list' })).toMatchObject({
      alerts: [{ subject: 'target openai/gpt-4o', state: 'firing' }],
    });
  });
});

describe('a destination that does not take what it is told', () => {
  it('is tried again, later each time, and loses nothing', async () => {
    const { clock, told, said, vendors, node } = await world();
    const { sql } = await database();
    const one = node(sql);
    one.view = { troubles: { database: 'locked' } };
    vendors.fail = { status: 503, times: 3 };
    await one.service.look();
    expect(await one.service.answer({ do: 'list' })).toMatchObject({
      destinations: [{ name: 'hook', waiting: 1, failing: true }],
    });
    for (const pause of [5_000, 10_000, 20_000]) {
      clock.now += pause - 1;
      await one.service.look();
      expect(told()).toEqual([]);
      clock.now += 1;
      await one.service.look();
    }
    expect(told()).toEqual([['firing The database of n1 fails']]);
    expect(said).toEqual([
      'warn alerts could not be delivered',
      'info a destination of alerts takes them again',
    ]);
    expect(one.service.destinations).toEqual([{ name: 'hook', ok: 1, failed: 3, given_up: 0 }]);
  });

  it('is asked again when it says so, and not at all when it never will', async () => {
    const { clock, said, vendors, told, node } = await world();
    const { sql } = await database();
    const one = node(sql);
    one.view = { troubles: { database: 'locked' } };
    vendors.fail = { status: 429, headers: { 'retry-after': '60' }, times: 1 };
    await one.service.look();
    clock.now += 59_000;
    await one.service.look();
    expect(told()).toEqual([]);
    clock.now += 1_000;
    await one.service.look();
    expect(told()).toHaveLength(1);
    one.view = { troubles: { spool: 'full' } };
    vendors.fail = { status: 404, times: 1 };
    await one.service.look();
    expect(said.at(-1)).toBe('error alerts are given up');
    expect(one.service.destinations).toMatchObject([{ given_up: 1 }]);
  });
});

describe('each kind of destination', () => {
  const kinds = (url: string): DestinationSettings[] => [
    { name: 'slack', kind: 'slack', url: `${url}/slack` },
    { name: 'teams', kind: 'teams', url: `${url}/teams` },
    { name: 'discord', kind: 'discord', url: `${url}/discord` },
    { name: 'pagerduty', kind: 'pagerduty', url: `${url}/pagerduty`, routingKey: 'r'.repeat(32) },
    { name: 'opsgenie', kind: 'opsgenie', url: `${url}/opsgenie`, apiKey: 'genie' },
    { name: 'webhook', kind: 'webhook', url: `${url}/webhook`, secret: 'hush', headers: { 'x-team': 'a' } },
  ];

  it('takes what it is told, a hundred alerts and names that would call people included', async () => {
    const { clock, vendors, node } = await world();
    const { sql } = await database();
    const destinations = kinds(vendors.url);
    const rule: AlertRule = {
      ...TARGET,
      forMs: 0,
      severity: 'critical',
      to: destinations.map(({ name }) => name),
    };
    const one = node(sql, { destinations, rules: [rule] });
    const model = `<!channel> @everyone *${'long '.repeat(60)}* & <script>`;
    one.view = {
      failing: Array.from({ length: 100 }, (_, i) => ({ provider: 'p', model: `${model} ${i}`, inRow: 5 })),
    };
    await one.service.look();
    const times = (name: string): number =>
      vendors.told.filter(({ path }) => path.startsWith(`/${name}`)).length;
    expect(destinations.map(({ name }) => times(name))).toEqual([1, 1, 1, 100, 100, 1]);
    expect(vendors.open.size).toBe(200);
    one.view = {};
    await one.service.look();
    clock.now += MINUTE;
    await one.service.look();
    expect(vendors.refused).toEqual([]);
    // What was opened is closed.
    expect(vendors.open.size).toBe(0);
  });

  it('answers a test, and says why when it does not take it', async () => {
    const { vendors, node } = await world();
    const { sql } = await database();
    const destinations = kinds(vendors.url);
    const one = node(sql, { destinations, rules: [] });
    for (const { name } of destinations)
      expect([name, await one.service.answer({ do: 'test', destination: name })]).toEqual([
        name,
        { delivered: true, why: '' },
      ]);
    expect(vendors.open.size).toBe(0);
    // A proxy that wants somebody to sign in answers 200, too.
    vendors.fail = { status: 200, body: '<html>', times: 1 };
    expect(await one.service.answer({ do: 'test', destination: 'slack' })).toMatchObject({
      delivered: false,
    });
    vendors.fail = { status: 403, times: 1 };
    expect(await one.service.answer({ do: 'test', destination: 'teams' })).toEqual({
      delivered: false,
      why: 'it answered 403',
    });
    expect(await one.service.answer({ do: 'test', destination: 'nobody' })).toEqual({ unknown: 'nobody' });
  });

  it('a webhook can tell that it was us, and when', async () => {
    const { clock, vendors, node } = await world();
    const { sql } = await database();
    const one = node(sql, { destinations: kinds(vendors.url), rules: [] });
    await one.service.answer({ do: 'test', destination: 'webhook' });
    const { headers, text } = vendors.told[0]!;
    const timestamp = headers['x-headgate-timestamp'];
    expect(timestamp).toBe(String(clock.now / 1000));
    const expected = createHmac('sha256', 'hush').update(`${timestamp}.${text}`).digest('hex');
    expect(headers['x-headgate-signature']).toBe(`v1=${expected}`);
    expect(headers['x-team']).toBe('a');
  });

  it('mail goes through a server of SMTP, with sign-in, and what it refuses is told', async () => {
    const mails: { from: string; to: string[]; text: string }[] = [];
    const server = new SMTPServer({
      secure: false,
      authOptional: false,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      onAuth: ({ username, password }, _session, done) =>
        password === 'p@ss word' ? done(null, { user: username }) : done(new Error('no')),
      onData(stream, session, done) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          mails.push({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            text: Buffer.concat(chunks).toString('utf8'),
          });
          done();
        });
      },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(() => new Promise<void>((resolve) => server.close(resolve)));
    const { port } = server.server.address() as { port: number };
    const { node } = await world();
    const { sql } = await database();
    const mailbox = {
      kind: 'email',
      from: 'headgate@example.com',
      to: ['a@example.com', 'b@example.com'],
    } as const;
    const at = (password: string): string => `smtp://user:${encodeURIComponent(password)}@127.0.0.1:${port}`;
    const destinations = [
      { ...mailbox, name: 'mail', smtp: at('p@ss word') },
      { ...mailbox, name: 'wrong', smtp: at('wrong') },
    ];
    const one = node(sql, { destinations, rules: [{ ...STORE, to: ['mail'] }] });
    one.view = { troubles: { database: 'disk full' } };
    await one.service.look();
    expect(mails).toMatchObject([{ from: 'headgate@example.com', to: ['a@example.com', 'b@example.com'] }]);
    expect(mails[0]?.text).toContain('Subject: [Headgate n1] Warning: The database of n1 fails');
    expect(mails[0]?.text).toContain('disk full');
    const refused = await one.service.answer({ do: 'test', destination: 'wrong' });
    expect(refused).toMatchObject({ delivered: false });
    expect(JSON.stringify(refused)).not.toContain('p@ss');
  });
});

describe('rules', () => {
  const now = Date.UTC(2026, 10, 11);
  const found = async (rule: AlertRule, view: Partial<AlertView>): Promise<string[]> =>
    (await conditionsOf(rule, { ...WELL, now, ...view })).map(({ title }) => title);
  const budget = {
    kind: 'team' as const,
    id: 't',
    name: 'Support',
    per: 'month',
    hard: true,
    capNanos: 100e9,
    startMs: Date.UTC(2026, 10, 1),
    endMs: Date.UTC(2026, 11, 1),
  };

  it('a budget: from a share on, or when it will not last as it goes', async () => {
    const rule: AlertRule = { ...base, name: 'budget', when: 'budget', share: 0.8, forecast: true };
    const of = (spentNanos: number, more: object = {}) =>
      found(rule, { budgets: [{ ...budget, ...more, spentNanos }] });
    expect(await of(30e9)).toEqual([]);
    // A third of the month is over.
    expect(await of(34e9)).toEqual(['The budget of team Support (month) will not last']);
    expect(await of(80e9)).toEqual(['80 % of the budget of team Support (month) is spent']);
    // In the first tenth, and in a window that moves, that says nothing.
    expect(await of(34e9, { startMs: now - 86_400_000 })).toEqual([]);
    expect(await of(34e9, { endMs: null })).toEqual([]);
    expect(await of(34e9, { capNanos: 0 })).toEqual([]);
    // The gateway is five days old: five days for $20 are $80 in the twenty days that are left.
    const young = (spentNanos: number, days: number) =>
      found(rule, { budgets: [{ ...budget, spentNanos }], knownMs: now - days * 86_400_000 });
    expect(await young(19e9, 5)).toEqual([]);
    expect(await young(21e9, 5)).toEqual(['The budget of team Support (month) will not last']);
    expect(await young(21e9, 2)).toEqual([]);
    expect(await young(21e9, 50)).toEqual([]);
    // Two of one name are two.
    const twins = ['t', 'u'].map((id) => ({ ...budget, id, spentNanos: 90e9 }));
    const both = await conditionsOf(rule, { ...WELL, now, budgets: twins });
    expect(new Set(both.map(({ id }) => id)).size).toBe(2);
    expect(both.map(({ subject }) => subject)).toEqual(['team Support, month', 'team Support, month']);
  });

  it('spend: against the same hours before, and never below the least', async () => {
    const rule: AlertRule = {
      ...base,
      name: 'spend',
      when: 'spend',
      factor: 3,
      leastNanos: 1e9,
      days: 3,
      timeZone: 'UTC',
    };
    const of = (last: number, ...before: number[]) => found(rule, { spend: async () => ({ last, before }) });
    expect(await of(3e9, 1e9, 1e9, 1e9)).toEqual([]);
    expect(await of(3.1e9, 1e9, 1e9, 1e9)).toEqual(['$3.10 were spent in an hour']);
    expect(await of(0.9e9, 0, 0, 0)).toEqual([]);
    expect(await of(1.5e9, 0, 0, 1)).toEqual(['$1.50 were spent in an hour']);
    // At a time of the day at which nothing is usual.
    expect(await of(1.5e9, 0, 0, 0)).toEqual(['$1.50 were spent in an hour']);
    // Nobody knows what is usual on the first days.
    expect(await of(1.5e9)).toEqual([]);
    expect(await of(10e9, 1e9, 1e9)).toEqual([]);
    expect(
      await found({ ...rule, days: 1 }, { spend: async () => ({ last: 4e9, before: [1e9] }) }),
    ).toHaveLength(1);
  });

  it('a target: one that fails, and one that is passed over, each told once', async () => {
    const openai = { provider: 'openai', model: 'gpt-4o' };
    const groq = { provider: 'groq', model: 'llama' };
    const view = {
      failing: [{ ...openai, inRow: 7 }],
      ejected: [openai, groq].map((one, i) => ({ ...one, threads: i + 1 })),
    };
    expect(await conditionsOf(TARGET, { ...WELL, ...view })).toMatchObject([
      {
        subject: 'target openai/gpt-4o',
        title: 'openai/gpt-4o does not answer',
        text: 'The last 7 attempts failed one after the other. It is passed over while other targets of its model can be asked, in one thread of n1.',
      },
      {
        subject: 'target groq/llama',
        text: 'It is passed over while other targets of its model can be asked, in 2 threads of n1.',
      },
    ]);
  });

  it('keys that expire, and requests that hang', async () => {
    const expiry: AlertRule = { ...base, name: 'expiry', when: 'expiry', beforeMs: 7 * 86_400_000 };
    const expiring = [3, 8].map((days) => ({
      kind: 'key',
      id: `k${days}`,
      name: `k${days}`,
      expiresMs: now + days * 86_400_000,
    }));
    expect(await found(expiry, { expiring })).toEqual(['The key k3 expires in 3 days']);
    const hanging: AlertRule = { ...base, name: 'hanging', when: 'hanging', longerMs: 60_000 };
    const longest = [61_000, 59_000].map((ms, i) => ({ id: `req_${i}`, model: 'm', provider: 'p', ms }));
    expect(await found(hanging, { longest })).toEqual(['1 request runs longer than 60 s']);
  });

  it('errors and latency: over the last minutes, of enough requests, and not of refusals', async () => {
    let at = now;
    const window = new RequestWindow(() => at);
    const errors: AlertRule = {
      ...base,
      name: 'errors',
      when: 'errors',
      share: 0.1,
      leastRequests: 20,
      windowMs: 5 * MINUTE,
    };
    const latency: AlertRule = {
      ...base,
      name: 'latency',
      when: 'latency',
      aboveMs: 2_000,
      leastRequests: 20,
      windowMs: 5 * MINUTE,
    };
    const over = (ms: number) => window.over(ms);
    const bad = { outcome: 'error', status: 502 } as const;
    window.take(Array.from({ length: 19 }, () => settled({ ...bad, model: 'few' })));
    window.take(
      Array.from({ length: 40 }, (_, i) =>
        settled({ ...(i % 8 === 0 && bad), totalMs: i < 4 ? 9_000 : 500 }),
      ),
    );
    window.take(
      Array.from({ length: 90 }, () => settled({ ...bad, model: 'refused', provider: '', status: 402 })),
    );
    expect(await found(errors, { over })).toEqual(['12.5 % of requests to support fail']);
    expect(await found({ ...errors, share: 1, leastRequests: 19 }, { over })).toEqual([
      '100 % of requests to few fail',
    ]);
    expect(await found(latency, { over })).toEqual(['Requests to support are slow']);
    window.take(Array.from({ length: 41 }, () => settled({ totalMs: 500 })));
    expect(await found(latency, { over })).toEqual([]);
    at += 6 * MINUTE;
    expect(await found(errors, { over })).toEqual([]);
  });

  it('however many models there are, few are remembered', () => {
    const window = new RequestWindow(() => now);
    window.take(Array.from({ length: 5_000 }, (_, i) => settled({ model: `m${i}` })));
    expect(window.over(MINUTE).length).toBe(301);
    expect(window.over(MINUTE).reduce((sum, { requests }) => sum + requests, 0)).toBe(5_000);
  });
});
