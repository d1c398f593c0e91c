// startBroker refuses what it does not know, by name, before it takes any port: an option that is misspelt would be
// ignored otherwise, and the broker run without what was asked for.
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startBroker } from '../src/broker.ts';

/** Options that no program in TypeScript could give. */
const given = (options: object) => startBroker({ amqpPort: 0, logger: 'silent', ...options });

describe('startBroker refuses', () => {
  it('an option that does not exist, and says which there are', async () => {
    await expect(given({ datadir: 'queues' })).rejects.toThrow(
      "startBroker has no option 'datadir'; there are: amqpPort,",
    );
    await expect(given({ toString: 1 })).rejects.toThrow("startBroker has no option 'toString'");
    await expect(given({ port: 5672 })).rejects.toThrow(RangeError);
  });

  it('an option of TLS or of the WebSocket that does not exist', async () => {
    await expect(given({ tls: { certFile: 'a.pem' } })).rejects.toThrow("tls has no option 'certFile'");
    await expect(given({ webSocket: { tcpPort: 0, origin: ['*'] } })).rejects.toThrow(
      "webSocket has no option 'origin'",
    );
  });

  it('a limit that does not exist', async () => {
    await expect(given({ limits: { connections: 1 } })).rejects.toThrow("there is no limit 'connections'");
  });

  it('it before it takes its address', async () => {
    await using server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await expect(given({ amqpPort: port, thread: 1 })).rejects.toThrow("startBroker has no option 'thread'");
  });
});
