// A client that does one thing after the other with a queue of its own and writes down what it hears: what that is depends
// on nobody else (B12, B13).
import fc from 'fast-check';
import type { Context, Effects } from '../../../src/process/index.ts';
import * as wire from '../../support/wire.ts';
import { type Opening, WireClient } from './wire-client.ts';

export type QuietOp =
  | { readonly do: 'publish'; readonly bytes: readonly number[] }
  | { readonly do: 'confirmed'; readonly count: number }
  | { readonly do: 'get'; readonly how: 'ack' | 'requeue' }
  | { readonly do: 'consume'; readonly count: number }
  | { readonly do: 'missing' };

const bytes = fc.array(fc.constantFrom(0, 1, 4_000, 4_080, 4_089, 12_000), { minLength: 1, maxLength: 3 });
const count = fc.integer({ min: 1, max: 4 });

export const quietOps: fc.Arbitrary<readonly QuietOp[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('publish' as const), bytes }),
    fc.record({ do: fc.constant('confirmed' as const), count }),
    fc.record({ do: fc.constant('get' as const), how: fc.constantFrom('ack' as const, 'requeue' as const) }),
    fc.record({ do: fc.constant('consume' as const), count }),
    fc.record({ do: fc.constant('missing' as const) }),
  ),
  { maxLength: 6 },
);

const CONFIRMS = 2;
/** Where the passive declaration of a queue that does not exist closes the channel. */
const SACRIFICE = 3;

const DELIVER = '60.60';

/** Everything that such a client hears, as text. */
export function* quietly(
  context: Context<unknown>,
  tcpPort: number,
  queue: string,
  ops: readonly QuietOp[],
  opening: Opening,
): Effects<readonly string[]> {
  const quiet = new Quiet(yield* WireClient.open(context, tcpPort, opening), queue);
  yield* quiet.begin();
  for (const op of ops) yield* quiet.step(op);
  yield* quiet.leave();
  return quiet.heard;
}

class Quiet {
  readonly heard: string[] = [];
  private readonly client: WireClient;
  private readonly queue: string;
  private published = 0;
  private confirmed = 0;
  private consumed = 0;

  constructor(client: WireClient, queue: string) {
    this.client = client;
    this.queue = queue;
  }

  *begin(): Effects<void> {
    const { client, queue } = this;
    yield* client.ask(wire.queueDeclare(1, queue), '50.11');
    yield* client.ask(wire.channelOpen(CONFIRMS), '20.11');
    yield* client.ask(wire.confirmSelect(CONFIRMS), '85.11');
  }

  *step(op: QuietOp): Effects<void> {
    const { client, queue } = this;
    switch (op.do) {
      case 'publish':
        for (const length of op.bytes) client.publish(1, queue, this.body(length));
        // The queue answers this, so it has all of them then; the other channel's come behind.
        return yield* this.rpc(wire.queueDeclare(1, queue, 1), '50.11');
      case 'confirmed':
        return yield* this.confirms(op.count);
      case 'get':
        return yield* this.get(op.how);
      case 'consume':
        return yield* this.consume(op.count);
      case 'missing':
        yield* client.ask(wire.channelOpen(SACRIFICE), '20.11');
        yield* this.rpc(wire.queueDeclare(SACRIFICE, `no ${queue}`, 1), '20.40');
        client.send(wire.channelCloseOk(SACRIFICE));
    }
  }

  *leave(): Effects<void> {
    yield* this.rpc(wire.connectionClose, '10.51');
    yield* this.client.end();
  }

  private *rpc(bytes: Buffer, answer: string): Effects<void> {
    const { payload } = yield* this.client.ask(bytes, answer);
    this.heard.push(`${answer} ${payload.toString('hex')}`);
  }

  private body(length: number): Buffer {
    return Buffer.alloc(length, ++this.published);
  }

  /** How many are answered together is a matter of timing; that each is answered once is not. */
  private *confirms(times: number): Effects<void> {
    const { client, queue } = this;
    for (let n = 0; n < times; n++) client.publish(CONFIRMS, queue, this.body(n));
    const before = this.confirmed;
    this.confirmed += times;
    const answered: number[] = [];
    while (answered.length < times) {
      const { payload } = yield* client.method('60.80');
      client.frames.shift();
      const tag = Number(payload.readBigUInt64BE(4));
      const from = payload[12] === 1 ? before + answered.length + 1 : tag;
      for (let each = from; each <= tag; each++) answered.push(each);
    }
    this.heard.push(`confirmed ${answered.sort((a, b) => a - b)}`);
  }

  private *get(how: 'ack' | 'requeue'): Effects<void> {
    const { client, queue } = this;
    client.send(wire.get(1, queue, false));
    const isAnswer = () => client.frames.find(({ name }) => name === '60.71' || name === '60.72');
    const { name, payload } = yield* client.until(isAnswer, 'get');
    if (name === '60.72') {
      client.frames.length = 0;
      this.heard.push('empty');
      return;
    }
    const body = yield* this.content(0);
    this.heard.push(`got ${payload.toString('hex')} ${body}`);
    const tag = Number(payload.readBigUInt64BE(4));
    client.send(how === 'ack' ? wire.ack(1, tag) : wire.nack(1, tag, true));
  }

  /** Consumes what there is after so many more publishes, one by one, and gives the rest back by cancelling. */
  private *consume(times: number): Effects<void> {
    const { client, queue } = this;
    for (let n = 0; n < times; n++) client.publish(1, queue, this.body(n));
    const tag = `consumer${++this.consumed}`;
    yield* this.rpc(wire.qos(1, 1), '60.11');
    yield* this.rpc(wire.consume(1, queue, tag, false), '60.21');
    for (let n = 0; n < times; n++) {
      const { payload } = yield* client.method(DELIVER);
      const body = yield* this.content(client.frames.findIndex(({ name }) => name === DELIVER));
      this.heard.push(`delivered ${payload.toString('hex')} ${body}`);
      // The last one stays until the consumer is gone, or the next would be on its way.
      const ack = wire.ack(1, Number(payload.readBigUInt64BE(4 + 1 + tag.length)));
      if (n < times - 1) client.send(ack);
      else {
        yield* this.rpc(wire.cancel(1, tag), '60.31');
        client.send(ack);
      }
    }
  }

  /** Waits for the content behind the method at `at`, and takes all of it out of the log. */
  private *content(at: number): Effects<string> {
    const { frames } = this.client;
    const whole = (): string | undefined => {
      const header = frames[at + 1];
      if (header === undefined) return undefined;
      const left = Number(header.payload.readBigUInt64BE(4));
      const pieces: Buffer[] = [];
      for (let place = at + 2, got = 0; got < left; place++) {
        if (frames[place] === undefined) return undefined;
        pieces.push(frames[place].payload);
        got += frames[place].payload.length;
      }
      frames.splice(at, 2 + pieces.length);
      return `${left} bytes of ${Buffer.concat(pieces)[0] ?? 'nothing'}`;
    };
    return yield* this.client.until(whole, 'content');
  }
}
