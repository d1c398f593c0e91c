// How bytes are cut and where they end must not matter (reliability.md 2.d): a whole session in writes of one byte, FIN
// and RST behind every byte of it, and sessions with random damage. After each the next connection works.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerProcess, complaintsIn, startBrokerProcess } from '../support/command.ts';
import { RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';

let broker: BrokerProcess;

beforeAll(async () => {
  broker = await startBrokerProcess(['--memory', '--amqp-port', '0', '--threads', '2']);
});
afterAll(async () => {
  const { code, stderr } = await broker.command.end();
  // A peer that is gone before its login is looked at comes from nowhere.
  const complaints = complaintsIn(stderr).filter((line) => !line.includes('"msg":"login refused'));
  expect([code, complaints]).toEqual([0, []]);
});

/** Login, a queue, confirms, a consumer, three publishes (one of several body frames), an ack, and goodbye. */
function session(queue: string): Buffer {
  const body = Buffer.from('a body in several frames');
  return Buffer.concat([
    wire.OPENING,
    wire.queueDeclare(1, queue, 0b01000),
    wire.confirmSelect(1),
    wire.consume(1, queue, 'c', false),
    wire.publish(1, '', queue, Buffer.from('one')),
    wire.publishMethod(1, '', queue),
    wire.contentHeader(1, body.length),
    wire.contentBody(1, body.subarray(0, 5)),
    wire.HEARTBEAT,
    wire.contentBody(1, body.subarray(5)),
    wire.publish(1, 'amq.fanout', 'nowhere', Buffer.alloc(0)),
    wire.queueDeclare(1, queue, 0b00001),
  ]);
}

/** What a server says, apart from how it groups deliveries and confirms. */
function story(client: RawClient): readonly string[] {
  return client.frames
    .filter(({ name }) => name !== '60.80')
    .map(({ type, name, channel }) => `${channel}:${type} ${name}`);
}

async function play(bytes: Buffer, send: (client: RawClient) => Promise<void> | void): Promise<readonly string[]> {
  await using client = await RawClient.connect(broker.amqpPort);
  await send(client);
  await client.method('50.11', 2);
  await client.until(() => (client.bodies().length === 2 ? true : undefined), 'both bodies');
  client.send(wire.ack(1, 2, true), wire.method(1, 50, 40, wire.u16(0), wire.shortstr(queueOf(bytes)), wire.u8(0)));
  await client.method('50.41');
  client.send(wire.connectionClose);
  await client.method('10.51');
  expect(client.bodies().sort()).toEqual(['a body in several frames', 'one']);
  return [...story(client)].sort();
}

const queueOf = (bytes: Buffer) => /seg-\d+/.exec(bytes.toString('latin1'))?.[0] ?? '';

async function worksStill(): Promise<void> {
  await using client = await RawClient.open(broker.amqpPort);
  client.send(wire.queueDeclare(1, ''));
  await client.method('50.11');
}

describe('a session', () => {
  it('in one write, in writes of one byte and cut in two anywhere says and hears the same', async () => {
    const whole = session('seg-1');
    const expected = await play(whole, (client) => client.send(whole));
    const dribbled = session('seg-2');
    expect(
      await play(dribbled, (client) => client.dribble(...[...dribbled].map((byte) => Buffer.from([byte])))),
    ).toEqual(expected);
    for (let cut = 1; cut < whole.length; cut += 7) {
      const bytes = session('seg-3');
      const inTwo = await play(bytes, (client) => client.dribble(bytes.subarray(0, cut), bytes.subarray(cut)));
      expect(inTwo, `cut behind byte ${cut}`).toEqual(expected);
    }
  });

  it.each(['FIN', 'RST'] as const)('that ends with %s behind any byte leaves nothing behind', async (how) => {
    const bytes = session('seg-4');
    for (let cut = 0; cut <= bytes.length; cut += 3) {
      await using client = await RawClient.connect(broker.amqpPort);
      await new Promise<void>((resolve) => client.socket.write(bytes.subarray(0, cut), () => resolve()));
      if (how === 'RST') client.reset();
      else {
        client.socket.end();
        await client.end();
      }
    }
    // No consumer of a session that is over is left, and what it had is back.
    await using client = await RawClient.open(broker.amqpPort);
    const consumersLeft = async () => {
      client.frames.length = 0;
      client.send(wire.queueDeclare(1, 'seg-4', 0b01000));
      const { payload } = await client.method('50.11');
      return payload.readUInt32BE(payload.length - 4);
    };
    for (let tries = 0; tries < 100 && (await consumersLeft()) > 0; tries++);
    expect(await consumersLeft()).toBe(0);
    client.send(wire.method(1, 50, 40, wire.u16(0), wire.shortstr('seg-4'), wire.u8(0)));
    await client.method('50.41');
  });
});

describe('a damaged session', () => {
  const DAMAGED = 150;

  /** Numbers that are the same in every run. */
  function generator(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
  }

  function damage(bytes: Buffer, random: (below: number) => number): Buffer {
    const start = wire.OPENING.length * (random(4) === 0 ? 0 : 1);
    const at = start + random(bytes.length - start);
    const rest = bytes.subarray(at + 1 + random(20));
    switch (random(4)) {
      case 0:
        return Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from([bytes[at] ^ (1 << random(8))]),
          bytes.subarray(at + 1),
        ]);
      case 1:
        return Buffer.concat([bytes.subarray(0, at), rest]);
      case 2:
        return Buffer.concat([bytes.subarray(0, at), Buffer.from([random(256), random(256)]), bytes.subarray(at)]);
      default:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(at), at), bytes.subarray(at)]);
    }
  }

  it('is answered, refused or dropped, and hangs nothing', async () => {
    const random = generator(11);
    const bytes = session('seg-5');
    const codes = new Map<number, number>();
    for (let round = 0; round < DAMAGED; round++) {
      await using client = await RawClient.connect(broker.amqpPort);
      client.send(damage(bytes, random));
      client.socket.end();
      const close = await client.end();
      codes.set(close?.code ?? 0, (codes.get(close?.code ?? 0) ?? 0) + 1);
      if (round % 10 === 0) await worksStill();
    }
    await worksStill();
    // Some of the damage was found as what it was.
    expect([...codes.keys()].some((code) => code >= 500)).toBe(true);
    expect([...codes.keys()]).not.toContain(541);
  });
});
