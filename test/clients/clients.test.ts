// Clients in other languages, as Debian ships them, each through its own ways: confirms, acks, prefetch, requeue, RPC,
// big messages, headers of all types, returns, cancel notices, heartbeats, and the way back after a restart of the
// broker. Those that are not installed are skipped with one line.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { driver, type ForeignClient, isInstalled, prepare, runClient } from '../support/foreign-client.ts';

/** What every client has to say. */
const EXPECTED: Readonly<Record<string, string>> = {
  confirms: '100',
  order: 'right',
  prefetch: '10',
  requeue: '10',
  rpc: '7 HELLO',
  big: '1048576 same',
  headers: 'same',
  return: '312 NO_ROUTE',
  cancel: 'heard',
  heartbeat: 'after silence',
  reconnect: 'after restart',
};

const JAVA_CLIENT = '/usr/share/java/amqp-client.jar';
const JAVA_PATH = [JAVA_CLIENT, '/usr/share/java/slf4j-api.jar', '/usr/share/java/slf4j-nop.jar'].join(':');
const GO_PROGRAM = join(mkdtempSync(join(tmpdir(), 'warren-go-')), 'client');
const PYTHON = '/usr/bin/python3';

const CLIENTS: readonly ForeignClient[] = [
  {
    name: 'Python pika',
    packages: 'python3-pika',
    probe: [PYTHON, '-c', 'import pika'],
    run: [PYTHON, driver('python/pika_client.py')],
  },
  {
    name: 'Python amqp (kombu, Celery)',
    packages: 'python3-amqp',
    probe: [PYTHON, '-c', 'import amqp'],
    run: [PYTHON, driver('python/amqp_client.py')],
  },
  {
    name: 'Ruby bunny',
    packages: 'ruby-bunny',
    probe: ['ruby', '-e', 'require "bunny"'],
    run: ['ruby', driver('ruby/bunny_client.rb')],
  },
  {
    name: 'PHP php-amqplib',
    packages: 'php-amqplib and php-cli',
    probe: ['php', '-r', "require '/usr/share/php/PhpAmqpLib/autoload.php';"],
    run: ['php', driver('php/client.php')],
  },
  {
    name: 'Perl AnyEvent::RabbitMQ',
    packages: 'libanyevent-rabbitmq-perl',
    probe: ['perl', '-MAnyEvent::RabbitMQ', '-e', '1'],
    run: ['perl', driver('perl/client.pl')],
  },
  {
    name: 'Java',
    packages: 'librabbitmq-client-java and a JDK of 17 or newer',
    probe: ['sh', '-c', `test -e ${JAVA_CLIENT} && java --version && javac --version`],
    run: ['java', '-cp', JAVA_PATH, driver('java/Client.java')],
  },
  {
    name: 'Go amqp091-go',
    packages: 'golang-go and golang-github-rabbitmq-amqp091-go-dev',
    probe: ['sh', '-c', 'go version && test -d /usr/share/gocode/src/github.com/rabbitmq/amqp091-go'],
    prepare: [
      'env',
      'GO111MODULE=off',
      'GOPATH=/usr/share/gocode',
      'go',
      'build',
      '-o',
      GO_PROGRAM,
      driver('go/client.go'),
    ],
    run: [GO_PROGRAM],
  },
];

afterAll(() => rmSync(dirname(GO_PROGRAM), { recursive: true, force: true }));

describe.each(CLIENTS)('$name', (client) => {
  const isThere = isInstalled(client);
  if (!isThere) console.warn(`skipped: ${client.name} needs ${client.packages}`);

  it.skipIf(!isThere)('does all that its users do with it', { timeout: 300_000 }, async () => {
    await prepare(client);
    let broker: Broker = await startBroker({ amqpPort: 0, logger: 'silent' });
    const { host, amqpPort } = broker;
    try {
      const said = await runClient(client, { host, tcpPort: amqpPort }, async () => {
        await broker.stop();
        broker = await startBroker({ host, amqpPort, logger: 'silent' });
      });
      expect(said).toEqual({ ...EXPECTED, ...client.expected });
    } finally {
      await broker.stop();
    }
  });
});

const TOOLS: ForeignClient = {
  name: 'C amqp-tools',
  packages: 'amqp-tools',
  probe: ['sh', '-c', 'command -v amqp-publish'],
  run: ['sh', driver('c/tools.sh')],
};

describe(TOOLS.name, () => {
  const isThere = isInstalled(TOOLS);
  if (!isThere) console.warn(`skipped: ${TOOLS.name} needs ${TOOLS.packages}`);

  it.skipIf(!isThere)('declares, publishes, consumes, gets, deletes', async () => {
    await using broker = await startBroker({ amqpPort: 0, logger: 'silent' });
    const said = await runClient(TOOLS, { host: broker.host, tcpPort: broker.amqpPort }, async () => {});
    expect(said).toEqual({
      declare: 'warren-c',
      order: 'message 0 message 1 message 2 message 3 message 4 ',
      big: 'same',
      headers: 'with headers',
      empty: '2',
      delete: '0',
    });
  });
});
