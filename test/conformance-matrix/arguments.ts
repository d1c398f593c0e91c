// The rows of the arguments of queues, consumers, exchanges and bindings.
import { absent, built, type Group, inFile, more, neither } from './row.ts';

const queues = inFile('protocol/queue-arguments');
const types = inFile('protocol/queue-types');
const consuming = inFile('protocol/consuming');
const exchanges = inFile('protocol/exchanges');
const plugins = inFile('protocol/exchange-types');
const streams = inFile('protocol/streams');
const rules = inFile('broker/queue');
const channel = inFile('protocols/amqp091/channel');

/** Refused values, and comparison with what is there. */
const value = (argument: string) => ['%s: %j', argument] as const;
const again = (argument: string) => ['%s', argument] as const;
const notClassic = (argument: string) => ['%s, which no classic queue has', argument] as const;
const RETRY = 'came with RabbitMQ 4.3, for quorum queues; here for every queue';

/** Arguments of queue.declare. */
export const QUEUE_ARGUMENTS: Group = {
  title: 'Arguments of queues',
  rows: [
    built('x-expires', '6', queues(value('x-expires'), again('x-expires'), 'with x-expires goes when nobody uses it')),
    built('x-message-ttl', '9, B15', [
      ...queues(value('x-message-ttl'), again('x-message-ttl'), 'with x-message-ttl drops what is older'),
      ...rules('B15 TTL 0 goes to a consumer that waits, else it is expired at once'),
    ]),
    built(
      'x-dead-letter-exchange',
      '9, B17',
      queues(
        'x-dead-letter-exchange that is no string',
        'with x-dead-letter-exchange sends there what is rejected, with its history',
        'with x-dead-letter-exchange sends there what expired, without its expiration',
        'drops a dead letter that would go in a circle without a reject',
      ),
    ),
    built(
      'x-dead-letter-routing-key',
      '9',
      queues(
        value('x-dead-letter-routing-key'),
        'x-dead-letter-routing-key',
        'without x-dead-letter-routing-key keeps the keys of a dead letter',
      ),
    ),
    built('x-max-length', '9, B16', [
      ...queues(
        value('x-max-length'),
        again('x-max-length'),
        'with x-max-length drops its oldest, which become dead letters',
      ),
      ...rules('B16 drop-head drops the oldest ready messages'),
    ]),
    built(
      'x-max-length-bytes',
      '9, B16',
      queues(value('x-max-length-bytes'), again('x-max-length-bytes'), 'with x-max-length-bytes counts bodies only'),
    ),
    built(
      'x-overflow',
      '9, B16',
      queues(value('x-overflow'), again('x-overflow'), ['with x-overflow %s', 'reject-publish']),
    ),
    built(
      'x-max-priority',
      '9, B18',
      queues(
        value('x-max-priority'),
        again('x-max-priority'),
        'with x-max-priority gives the higher first, in order within one, and caps what is above',
      ),
    ),
    built('x-single-active-consumer', '9', [
      ...queues(value('x-single-active-consumer'), again('x-single-active-consumer')),
      ...consuming('x-single-active-consumer: the first gets everything, the next takes over when it goes'),
    ]),
    built(
      'x-queue-mode',
      '9',
      queues(value('x-queue-mode'), again('x-queue-mode'), 'with %j is one like any other'),
      'compared, and without effect',
    ),
    built(
      'x-queue-version',
      '9',
      queues(value('x-queue-version'), again('x-queue-version'), 'with %j is one like any other'),
      'compared, and without effect',
    ),
    built('x-queue-type = classic', '6', [
      ...queues(value('x-queue-type'), 'with %j is one like any other'),
      ...types('no type is the type classic'),
    ]),
    built(
      'x-queue-type = quorum',
      'F 1.4',
      types(
        '%j is refused',
        'a quorum queue takes %j',
        'the server names no quorum queue',
        'refuses a shared prefetch and conditions on its deletion with 540',
      ),
      'on one node, with what clients see of it',
    ),
    built(
      'x-queue-type = stream',
      'F 1.4',
      streams('are read from anywhere, again and again, and nothing leaves them by an ack'),
      'on one node, through AMQP 0-9-1',
    ),
    built(
      'x-delivery-limit',
      'F 1.2',
      [
        ...types('counts deliveries in a header and makes dead letters of what came back too often'),
        ...rules('x-delivery-limit: a message that came back more often than that is a dead letter'),
      ],
      'for classic queues as well',
    ),
    built(
      'x-dead-letter-strategy',
      'F 1.2',
      types('%j is refused', 'a quorum queue takes %j'),
      'taken; one node has one log, so that both are at-least-once',
    ),
    built('x-queue-leader-locator', 'F 1.4', types('%j is refused'), 'checked, and without effect on one node'),
    built(
      'x-quorum-initial-group-size',
      'F 1.4',
      [...types('%j is refused'), ...queues(notClassic('x-quorum-initial-group-size'))],
      'checked, and without effect on one node',
    ),
    built(
      'x-max-in-memory-length',
      'F 1.4',
      [...types('a quorum queue takes %j'), ...queues(notClassic('x-max-in-memory-length'))],
      'without effect',
    ),
    built('x-max-in-memory-bytes', 'F 1.4', queues(notClassic('x-max-in-memory-bytes')), 'without effect'),
    built(
      'x-initial-cluster-size',
      'F 1.4',
      queues(notClassic('x-initial-cluster-size')),
      'without effect on one node',
    ),
    built('x-max-age', 'F 1.4', [
      ...streams(
        ['%s', 'x-max-age'],
        'B1 are there after a restart with their offsets, and go on; what retention took stays gone',
      ),
      ...inFile('broker/stream/stream-log')('messages older than the age go with their segment'),
    ]),
    built('x-stream-max-segment-size-bytes', 'F 1.4', [
      ...streams(['%s', 'x-stream-max-segment-size-bytes']),
      ...queues(notClassic('x-stream-max-segment-size-bytes')),
      ...inFile('broker/stream/stream-log')(
        'whole segments go, the oldest first, and never the one that is being filled',
      ),
    ]),
    more('x-delayed-retry-type', 'F 1.2', rules('delayed retry of type %s'), RETRY),
    more(
      'x-delayed-retry-min',
      'F 1.2',
      types('x-delayed-retry-min on any queue: what is given back comes again later'),
      RETRY,
    ),
    more(
      'x-delayed-retry-max',
      'F 1.2',
      rules('delayed retry: what comes back waits longer each time, and others go first'),
      RETRY,
    ),
    more(
      'x-consumer-timeout',
      '7, F 1.2',
      channel('closes its channel after %s time, and the message is back'),
      'came with RabbitMQ 3.12; the default of all queues is an option',
    ),
    built(
      'arguments that are unknown',
      '6',
      queues('no argument that is unknown, and numbers by value'),
      'let through',
    ),
    neither(
      'x-consumer-disconnected-timeout',
      'F 1.4',
      'RabbitMQ 4.3, for consumers on other nodes; there is one node',
    ),
    neither(
      'x-quorum-target-group-size',
      'F 1.4',
      'RabbitMQ 4, for replicas, which there are none of; let through as unknown',
    ),
    neither(
      'x-member-placement-tag',
      'F 1.4',
      'RabbitMQ 4.3, for replicas, which there are none of; let through as unknown',
    ),
    neither(
      'x-stream-filter-size-bytes',
      'F 1.4',
      'filters of streams came with RabbitMQ 3.13; let through as unknown',
    ),
  ],
};

/** Arguments of basic.consume. */
export const CONSUMER_ARGUMENTS: Group = {
  title: 'Arguments of consumers',
  rows: [
    built('x-priority', '7, B18', [
      ...consuming('x-priority: the highest is served until it is full', 'x-priority that is no integer is 406'),
      ...rules('B18 consumers of higher priority get everything they have room for'),
    ]),
    built('x-stream-offset', 'F 1.4', [
      ...streams('are read from anywhere, again and again, and nothing leaves them by an ack', [
        '%s',
        'an offset that is none',
      ]),
      ...inFile('broker/stream/stream-settings')(
        'a consumer begins where x-stream-offset says, and with what comes next without it',
      ),
    ]),
    neither('x-stream-filter', 'F 1.4', 'filters of streams came with RabbitMQ 3.13; the argument is let through'),
    neither(
      'x-stream-match-unfiltered',
      'F 1.4',
      'filters of streams came with RabbitMQ 3.13; the argument is let through',
    ),
  ],
};

/** Arguments of exchange.declare and of bindings. */
export const EXCHANGE_ARGUMENTS: Group = {
  title: 'Arguments of exchanges and bindings',
  rows: [
    built('alternate-exchange', '5', [
      ...exchanges(
        'with alternate-exchange leads there what it has no destination for, which is not returned',
        'with an alternate-exchange that is no string is 406',
      ),
      ...plugins(['type %s: %s', 'direct', 'alternate-exchange']),
    ]),
    built('x-match', '5', exchanges('of type headers with %s', 'of type headers refuses another x-match with 406')),
    built(
      'hash-header',
      'F 1.3',
      plugins(['%s %s decides instead of the key', 'hash-header'], ['type %s: %s', 'x-consistent-hash', 'hash-header']),
    ),
    built(
      'hash-property',
      'F 1.3',
      plugins(
        ['%s %s decides instead of the key', 'hash-property'],
        'takes hash-header or hash-property, and none but some properties',
        ['type %s: %s', 'x-consistent-hash', 'hash-property'],
      ),
    ),
    more(
      'x-delayed-type',
      'F 1.3',
      [
        ...plugins('x-delayed-type routes, x-delay holds back, and mandatory means what it says', [
          'type %s: %s',
          'x-delayed-message',
          'x-delayed-type',
        ]),
        ...types('needs to be told how to route'),
      ],
      'a plugin that was archived',
    ),
    built(
      'x-recent-history-length',
      'F 1.3',
      plugins(
        'x-recent-history-length bounds what it remembers; x-recent-history-no-store keeps a Message out',
        'x-recent-history-length that is no length is refused',
      ),
    ),
  ],
};

/** Types of exchanges and the ones that are there from the beginning. */
export const EXCHANGES: Group = {
  title: 'Exchanges',
  rows: [
    built('direct', '5', exchanges('of type direct routes by the equal key')),
    built('fanout', '5', exchanges('of type fanout routes whatever the key')),
    built('topic', '5, B26', [
      ...exchanges('of type topic routes %s'),
      ...inFile('broker/exchange/route')('B26 topic routing equals the naive matcher while bindings come and go'),
    ]),
    built('headers', '5', exchanges('of type headers with %s')),
    built('x-consistent-hash', 'F 1.3', [
      ...plugins('sends one key to one queue', ['%s', 'x-consistent-hash']),
      ...inFile('broker/exchange/spread')(
        'x-consistent-hash follows the weights',
        'x-consistent-hash moves only the share of the place that comes or goes',
      ),
    ]),
    built('x-random', 'F 1.3', [
      ...plugins(['%s', 'x-random']),
      ...inFile('broker/exchange/spread')(['%s gives each place its share', 'x-random']),
    ]),
    built(
      'x-recent-history',
      'F 1.3',
      inFile('protocol/recent-history')(
        'gives a queue that is bound the last Messages of all connections, in their order, as they were published',
      ),
    ),
    more(
      'x-local-random',
      'F 1.3',
      [
        ...plugins(['%s', 'x-local-random']),
        ...inFile('broker/exchange/spread')(['%s gives each place its share', 'x-local-random']),
      ],
      'came with RabbitMQ 4.0',
    ),
    more(
      'x-modulus-hash',
      'F 1.3',
      [
        ...plugins(['%s', 'x-modulus-hash']),
        ...inFile('broker/exchange/spread')(['%s gives each place its share', 'x-modulus-hash']),
      ],
      'part of a plugin until RabbitMQ 4.3',
    ),
    more(
      'x-delayed-message',
      'F 1.3',
      types('routes at once, and what is delayed arrives later, with its header turned'),
      'a plugin that was archived',
    ),
    absent('x-jms-topic', 'F 1.3', 'a plugin for JMS clients, which speak through another library'),
    absent('x-event', 'F 1.3', 'a plugin: events of the broker are told to its own observers instead'),
    built('the default exchange', '9', [
      ...inFile('protocol/queues')('is bound to the default exchange by its name', 'to the default exchange is 403'),
      ...exchanges('of the default exchange is 403', 'to or from the default exchange is 403'),
    ]),
    built('amq.direct, amq.fanout, amq.topic, amq.headers, amq.match', '5', exchanges('%s is there')),
    built('names that begin with amq.', '5, 6', [
      ...exchanges('of a new name that begins with amq. is 403'),
      ...inFile('protocol/queues')('of a name that begins with amq. is 403'),
    ]),
    absent('amq.rabbitmq.trace (firehose)', '9', 'the exchange is there and internal, and nothing is published to it'),
    built('bindings between exchanges', '5, B3', [
      ...exchanges('visits each exchange of a circle once, and gives a queue one copy'),
      ...inFile('broker/exchange/route')(
        'B3 routing over graphs of exchanges equals filter and naive match over a set of bindings',
      ),
    ]),
  ],
};
