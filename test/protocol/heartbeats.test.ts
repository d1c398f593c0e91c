// Heartbeats in both directions over a real socket (digest 1, "Heartbeats"): the server sends its own, keeps a client
// that sends some, and lets go of one that is silent for two whole timeouts.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BrokerProcess, complaintsIn, startBrokerProcess } from '../support/command.ts';
import { RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';

/** The smallest timeout that AMQP knows. */
const HEARTBEAT_S = 1;

let broker: BrokerProcess;

beforeAll(async () => {
  broker = await startBrokerProcess(['--memory', '--amqp-port', '0', '--threads', '1']);
});
afterAll(async () => {
  const { code, stderr } = await broker.command.end();
  expect([code, complaintsIn(stderr)]).toEqual([0, []]);
});

/** A client that has agreed on heartbeats, and what it does with each of the server's. */
async function agreed(onHeartbeat: (client: RawClient) => void): Promise<RawClient> {
  const client = await RawClient.connect(broker.amqpPort);
  client.socket.on('data', (bytes: Buffer) => {
    for (let at = bytes.indexOf(wire.HEARTBEAT); at >= 0; at = bytes.indexOf(wire.HEARTBEAT, at + 8))
      onHeartbeat(client);
  });
  client.send(wire.PROTOCOL_HEADER, wire.startOk, wire.tuneOk(131_072, HEARTBEAT_S), wire.open);
  await client.method('10.41');
  return client;
}

it('a silent client hears heartbeats and is let go after two timeouts without one of its own', async () => {
  let heard = 0;
  const client = await agreed(() => heard++);
  const fromMs = performance.now();
  expect(await client.end(20_000)).toBe(null);
  // A tick more or less: the client was heard somewhere between two of them.
  expect(performance.now() - fromMs).toBeGreaterThan(1_900 * HEARTBEAT_S);
  expect(heard).toBeGreaterThan(0);
});

it('a client that answers is kept, however long it says nothing else', async () => {
  let heard = 0;
  await using client = await agreed((each) => {
    heard++;
    each.send(wire.HEARTBEAT);
  });
  await client.until(() => (heard >= 4 * HEARTBEAT_S ? true : undefined), 'the fourth heartbeat', 20_000);
  client.send(wire.connectionClose);
  await client.method('10.51');
});
