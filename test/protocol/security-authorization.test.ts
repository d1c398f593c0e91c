// Advisory class "missing or bypassed authorization" (reliability 1.3 and 2.e): every operation of AMQP 0-9-1 under all
// combinations of configure, write and read on each thing that it touches, from one table; and what else says who may do
// what: guest, addresses, the user-id, live consumers.
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLoopback } from '../../src/broker/index.ts';
import { type Broker, startBroker } from '../../src/broker.ts';

const EVERYTHING = { configure: '.*', write: '.*', read: '.*' } as const;
const PERMISSIONS = ['configure', 'write', 'read'] as const;
type Permission = (typeof PERMISSIONS)[number];

let broker: Broker;
let connection: ChannelModel;
let root: Channel;

beforeAll(async () => {
  broker = await startBroker({ amqpPort: 0, logger: 'silent', profile: 'hardened' });
  const { admin } = broker;
  await admin.setUser({ name: 'u', password: 'p' });
  await admin.setPermissions({ user: 'u', vhost: '/', ...EVERYTHING });
  connection = await connect(`amqp://u:p@127.0.0.1:${broker.amqpPort}`);
  root = await (await connect(broker.url)).createChannel();
  await root.assertQueue('q');
  await root.assertExchange('e', 'fanout');
  await root.assertExchange('f', 'fanout');
});
afterAll(() => broker.stop());

/** What the server says to something that is done on a channel of its own. */
async function told(run: (channel: Channel) => unknown): Promise<string> {
  const channel = await connection.createChannel();
  let word = 'ok';
  channel.on('error', (error: Error) => {
    word = /message "(.*)"$/s.exec(error.message)?.[1] ?? error.message;
  });
  try {
    await run(channel);
    await channel.close();
  } catch {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return word;
}

/** An operation, and what it needs as `permission thing`, in the order in which the things are looked at. */
interface Row {
  readonly name: string;
  readonly needs: readonly `${Permission} ${string}`[];
  readonly run: (channel: Channel) => unknown;
  /** Takes away what a run has made. */
  readonly undo?: () => Promise<unknown>;
}

const published = async (channel: Channel) => {
  channel.publish('e', '', Buffer.from(''));
  // Nothing here needs a permission: the answer comes behind the refusal of the publish, if there is one.
  await channel.prefetch(1);
};

const ROWS: readonly Row[] = [
  {
    name: 'exchange.declare',
    needs: ['configure new'],
    run: (channel) => channel.assertExchange('new', 'fanout'),
    undo: () => root.deleteExchange('new'),
  },
  {
    name: 'exchange.declare with an alternate exchange',
    needs: ['configure new', 'read new', 'write f'],
    run: (channel) => channel.assertExchange('new', 'fanout', { alternateExchange: 'f' }),
    undo: () => root.deleteExchange('new'),
  },
  { name: 'exchange.delete', needs: ['configure new'], run: (channel) => channel.deleteExchange('new') },
  {
    name: 'queue.declare',
    needs: ['configure new'],
    run: (channel) => channel.assertQueue('new'),
    undo: () => root.deleteQueue('new'),
  },
  {
    name: 'queue.declare with a dead letter exchange',
    needs: ['configure new', 'read new', 'write f'],
    run: (channel) => channel.assertQueue('new', { deadLetterExchange: 'f' }),
    undo: () => root.deleteQueue('new'),
  },
  { name: 'queue.delete', needs: ['configure new'], run: (channel) => channel.deleteQueue('new') },
  { name: 'queue.bind', needs: ['write q', 'read e'], run: (channel) => channel.bindQueue('q', 'e', '') },
  { name: 'queue.unbind', needs: ['write q', 'read e'], run: (channel) => channel.unbindQueue('q', 'e', '') },
  { name: 'exchange.bind', needs: ['write f', 'read e'], run: (channel) => channel.bindExchange('f', 'e', '') },
  { name: 'exchange.unbind', needs: ['write f', 'read e'], run: (channel) => channel.unbindExchange('f', 'e', '') },
  { name: 'basic.publish', needs: ['write e'], run: published },
  { name: 'basic.get', needs: ['read q'], run: (channel) => channel.get('q', { noAck: true }) },
  { name: 'basic.consume', needs: ['read q'], run: (channel) => channel.consume('q', () => {}) },
  { name: 'queue.purge', needs: ['read q'], run: (channel) => channel.purgeQueue('q') },
  // RabbitMQ 3.10.8 asks for nothing here, and nor does the profile `hardened`.
  { name: 'queue.declare, passive', needs: [], run: (channel) => channel.checkQueue('q') },
  { name: 'exchange.declare, passive', needs: [], run: (channel) => channel.checkExchange('e') },
];

/** Each permission over nothing, over what the operation touches, or over everything: 3^3. */
const SCOPES = ['nothing', 'theirs', 'everything'] as const;
const COMBINATIONS = SCOPES.flatMap((configure) =>
  SCOPES.flatMap((write) => SCOPES.map((read) => ({ configure, write, read }))),
);

const isTheirs = (scopes: (typeof COMBINATIONS)[number]) => Object.values(scopes).every((scope) => scope === 'theirs');

const thingOf = (need: string) => need.split(' ')[1];

describe('operations', () => {
  it.each(ROWS)('$name under all 27 combinations of permissions', async ({ needs, run, undo }) => {
    const things = [...new Set(needs.map(thingOf))];
    // What is theirs leaves out one of the things after the other, too: a permission on one is none on another.
    const allowed = [things, ...things.map((left) => things.filter((thing) => thing !== left))];
    for (const theirs of allowed) {
      const pattern = { nothing: '', theirs: `^(${theirs.join('|') || 'none'})$`, everything: '.*' };
      const combinations = theirs === things ? COMBINATIONS : COMBINATIONS.filter(isTheirs);
      for (const scopes of combinations) {
        const permission = Object.fromEntries(PERMISSIONS.map((each) => [each, pattern[scopes[each]]]));
        await broker.admin.setPermissions({ user: 'u', vhost: '/', ...(permission as typeof EVERYTHING) });
        const holds = (need: string) => {
          const scope = scopes[need.split(' ')[0] as Permission];
          return scope === 'everything' || (scope === 'theirs' && theirs.includes(thingOf(need)));
        };
        const missing = needs.find((need) => !holds(need));
        const word = await told(run);
        const expected =
          missing === undefined ? /^ok$/ : new RegExp(`^ACCESS_REFUSED - access to \\w+ '${thingOf(missing)}'`);
        expect([scopes, theirs, word]).toEqual([scopes, theirs, expect.stringMatching(expected)]);
        if (missing === undefined) await undo?.();
      }
    }
  });
});

describe('beside permissions', () => {
  it('the user-id of a Message is the login, or the channel ends with 406', async () => {
    await broker.admin.setPermissions({ user: 'u', vhost: '/', ...EVERYTHING });
    const publish = (userId: string) =>
      told(async (channel) => {
        channel.publish('', 'q', Buffer.from(''), { userId });
        await channel.prefetch(1);
      });
    expect(await publish('u')).toBe('ok');
    const text = "PRECONDITION_FAILED - user_id property set to 'guest' but authenticated user was 'u'";
    expect(await publish('guest')).toBe(text);
  });

  it('guest is for loopback peers only', () => {
    const hosts = ['127.0.0.1', '127.200.0.9', '::1', '::ffff:127.0.0.1'];
    expect(hosts.filter((host) => !isLoopback(host))).toEqual([]);
    const others = ['10.0.0.1', '::', '0.0.0.0', '128.0.0.1', '::ffff:10.0.0.1', '127.0.0.1.example.org', 'localhost.'];
    expect(others.filter((host) => isLoopback(host))).toEqual([]);
  });

  it('a consumer whose user may not read any more is closed with 403 within 1 s', async () => {
    await broker.admin.setPermissions({ user: 'u', vhost: '/', ...EVERYTHING });
    const channel = await connection.createChannel();
    const closed = new Promise<string>((resolve) => {
      channel.once('error', (error: Error) => resolve(error.message));
    });
    await channel.consume('q', () => {});
    const fromMs = performance.now();
    await broker.admin.setPermissions({ user: 'u', vhost: '/', ...EVERYTHING, read: '^other$' });
    expect(await closed).toMatch(/ACCESS_REFUSED - access to queue 'q' in vhost '\/' refused for user 'u'/);
    expect(performance.now() - fromMs).toBeLessThan(1_500);
    expect((await root.checkQueue('q')).consumerCount).toBe(0);
  });
});
