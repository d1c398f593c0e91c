// A client that comes to a bad end: it holds messages of a queue that it shares with nobody else, has an exclusive queue,
// and then something happens to it. Its heir looks at what is left.
import fc from 'fast-check';
import type { Context, Effects } from '../../../src/process/index.ts';
import { sleep } from '../../../src/process/index.ts';
import * as wire from '../../support/wire.ts';
import type { WireClient } from './wire-client.ts';

export const ENDINGS = {
  /** The network cuts it off. */
  reset: 'silent',
  /** The network passes nothing on any more: a peer that is half open. */
  stall: 'silent',
  /** It goes without a word. */
  fin: 'silent',
  /** One of its channels crashes. */
  kill: '541',
  /** Bytes that are no frame. */
  garbage: '501',
  /** A method that only servers send. */
  breach: '504',
  /** It says goodbye. */
  close: 'orderly',
} as const;
export type Ending = keyof typeof ENDINGS;

export interface ChaosScript {
  readonly published: number;
  readonly prefetch: number;
  readonly acked: number;
  readonly ending: Ending;
}

export const chaosScripts: fc.Arbitrary<ChaosScript> = fc.record({
  published: fc.nat(6),
  prefetch: fc.nat(4),
  acked: fc.nat(3),
  ending: fc.constantFrom(...(Object.keys(ENDINGS) as Ending[])),
});

/** Seconds of the heartbeat that chaos agrees to, so that a half-open end is noticed. */
export const HEARTBEAT_S = 2;
/** B13, B20: two intervals and a second, and what a slow machine may be late. */
const NOTICED_MS = (2 * HEARTBEAT_S + 1) * 1_000 + 200;

/** What chaos leaves behind. */
export interface Chaos {
  readonly client: WireClient;
  /** Bodies that it was given and has not settled. */
  readonly held: readonly string[];
  readonly left: readonly string[];
}

export const exclusiveOf = (name: string): string => `${name} own`;
const sharedOf = (name: string): string => `${name} kept`;

/** Publishes, consumes, settles some. */
export function* begin(client: WireClient, name: string, script: ChaosScript): Effects<Chaos> {
  yield* client.ask(wire.queueDeclare(1, exclusiveOf(name), 0b00100), '50.11');
  yield* client.ask(wire.queueDeclare(1, sharedOf(name), 0b00000), '50.11');
  yield* client.ask(wire.qos(1, script.prefetch), '60.11');
  const all = Array.from({ length: script.published }, (_, n) => `${name} ${n}`);
  for (const body of all) client.publish(1, sharedOf(name), Buffer.from(body));
  client.publish(1, exclusiveOf(name), Buffer.from('gone'));
  yield* client.ask(wire.consume(1, sharedOf(name), 'c', false), '60.21');
  const given = script.prefetch === 0 ? all.length : Math.min(all.length, script.prefetch);
  yield* client.until(() => (client.bodies().length >= given ? true : undefined), 'deliveries');
  const acked = Math.min(given, script.acked);
  if (acked > 0) client.send(wire.ack(1, acked, true));
  // Those that come instead are on their way when the end comes.
  yield* client.ask(wire.channelFlow(1), '20.21');
  return { client, held: all.slice(acked, given), left: all.slice(acked) };
}

/** Brings the end about and sees how the broker takes it. `kill` crashes a channel of the client. */
export function* end(context: Context<unknown>, { client }: Chaos, ending: Ending, kill: () => void): Effects<void> {
  if (ending === 'reset') client.socket.break();
  else if (ending === 'fin') client.socket.end();
  else if (ending === 'kill') kill();
  else if (ending === 'garbage') client.send(Buffer.from('this is no frame at all'));
  else if (ending === 'breach') client.send(wire.method(0, 10, 41, wire.shortstr('')));
  else if (ending === 'close') client.send(wire.connectionClose);
  else yield* half(context, client);
  const how = ENDINGS[ending];
  if (how === 'orderly') yield* client.method('10.51');
  else if (how !== 'silent') {
    yield* client.method('10.50');
    const [close] = client.closes();
    if (`${close?.code}` !== how) throw new Error(`${ending} closed with ${JSON.stringify(close)}, not ${how}`);
    client.send(wire.connectionCloseOk);
  }
  if (ending !== 'stall') yield* client.end();
}

/** B13: a peer that is silent is given up in time, and not before. */
function* half(context: Context<unknown>, { socket }: WireClient): Effects<void> {
  socket.stall(true);
  const since = context.now();
  while (!socket.isPeerClosed) {
    if (context.now() - since > NOTICED_MS) throw new Error('B13 a half-open connection is kept');
    yield* sleep(100);
  }
  if (context.now() - since < HEARTBEAT_S * 1_000) throw new Error('B20 a connection is given up too early');
  socket.destroy();
}

/** B4 B6 B14: what it held comes again, flagged and in its place, and its own queue is gone. */
export function* inherit(heir: WireClient, name: string, { held, left }: Chaos): Effects<void> {
  yield* heir.ask(wire.channelOpen(2), '20.11');
  heir.send(wire.queueDeclare(2, exclusiveOf(name), 1));
  yield* heir.method('20.40');
  const [{ code }] = heir.closes();
  if (code !== 404) throw new Error(`B14 the exclusive queue answers ${code}`);
  heir.send(wire.channelCloseOk(2));
  heir.frames.length = 0;
  const found: string[] = [];
  for (;;) {
    heir.send(wire.get(1, sharedOf(name), true));
    const answer = yield* heir.until(() => heir.frames.find(({ name }) => name === '60.71' || name === '60.72'), 'get');
    if (answer.name === '60.72') break;
    const bodies = yield* heir.until(() => (heir.bodies().length > 0 ? heir.bodies() : undefined), 'content');
    if (answer.payload[12] === 0 && held.includes(bodies[0])) throw new Error(`B4 ${bodies[0]} comes again unflagged`);
    found.push(bodies[0]);
    heir.frames.length = 0;
  }
  if (found.join() !== left.join()) throw new Error(`B6 ${name} left [${left}], found [${found}]`);
}
