// The rows of RabbitMQ's extensions and of what else its clients and operators see: capabilities, confirms and
// consumers, policies, access, transports, alarms, definitions.
import { absent, built, type Group, inFile, more, neither } from './row.ts';

const publishing = inFile('protocol/publishing');
const consuming = inFile('protocol/consuming');
const connections = inFile('protocol/connections');
const exchanges = inFile('protocol/exchanges');
const keys = inFile('protocol/policy-keys');
const access = inFile('protocol/access');
const tls = inFile('protocol/tls');
const alarms = inFile('protocol/alarms');

/** What the server tells clients that it is capable of, and what stands behind each. */
export const CAPABILITIES: Group = {
  title: 'Capabilities of the server',
  rows: [
    built('publisher_confirms', '8, B9', [
      ...publishing(
        'is answered with select-ok, also again, and publishes count from 1',
        'without mandatory it is lost, and confirmed',
      ),
      ...inFile('broker/confirm')(
        'B9 answers each publish once: acked when all its queues took it, nacked when one refused',
      ),
    ]),
    built(
      'exchange_exchange_bindings',
      '5',
      exchanges('is answered with bind-ok and leads Messages on, until unbind is answered with unbind-ok'),
    ),
    built('basic.nack', '7', consuming('nack does so with all up to a tag')),
    built('consumer_cancel_notify', '7', [
      ...consuming('comes from the server when the queue goes'),
      ...inFile('protocol/cancel-notify')('a client that has not asked for it hears nothing'),
    ]),
    built(
      'connection.blocked',
      '3',
      alarms(
        'a publisher is told why it waits, consumers and acks go on, and nothing is lost',
        'a client that has not asked for it hears nothing, and waits all the same',
      ),
    ),
    built('consumer_priorities', '7', consuming('x-priority: the highest is served until it is full')),
    built(
      'authentication_failure_close',
      '1',
      connections(
        'start-ok with a wrong password is refused with 403 to who is capable of hearing it',
        'start-ok with a wrong password ends silently for others',
      ),
    ),
    built('per_consumer_qos', '7', consuming('is answered with qos-ok and limits each consumer that starts later')),
    built(
      'direct_reply_to',
      '9',
      publishing(
        'rewrites reply-to of a request and delivers the answer to the channel that asked',
        'with acks is 406',
        'twice on a channel is 406',
        'asked for without a consumer is 406',
      ),
    ),
  ],
};

/** What holds for Messages over their life. */
export const LIFE: Group = {
  title: 'Life of a Message',
  rows: [
    built(
      'order of publishes',
      'B2',
      inFile('properties/broker-queue')('B2-B8 deliveries, gets and counts are the model’s'),
    ),
    built(
      'round robin over consumers',
      '7, B18',
      inFile('broker/queue')('B18 consumers of higher priority get everything they have room for'),
    ),
    built(
      'requeue in place',
      '7, B4',
      inFile('broker/queue')('B4 B6 B8 delivers, requeues in place and keeps to prefetch exactly as the model does'),
    ),
    built(
      'tags of deliveries',
      '7, B7',
      inFile('broker/unacked')('B7 tags count from 1 and each is settled at most once, for any sequence'),
    ),
    built('acks that do not come', '7', [
      ...inFile('protocols/amqp091/channel')('closes its channel after %s time, and the message is back'),
      ...inFile('cli/start-stop')(
        'closes the channel of a delivery that is unacknowledged for longer, with 406 PRECONDITION_FAILED',
      ),
    ]),
    built(
      'transactions',
      '8',
      publishing(
        'commit does what was published and acked since select, and is answered with commit-ok',
        'rollback drops publishes, leaves acked Messages unacked, and is answered with rollback-ok',
        '%s without select is 406',
      ),
    ),
    built('persistent Messages', '6, B1, B10', [
      ...inFile('durability/kill')('B1 B4 B5 with %i data threads nothing confirmed is lost and nothing is invented'),
      ...inFile('durability/power/power')('B1 B10 loses nothing that was confirmed, in %s cuts'),
    ]),
    built(
      'durable queues, exchanges and bindings',
      '6, B24',
      inFile('durability/crashes')('B24 finds what was declared, and only what is durable'),
    ),
    built('server-named queues', '6', inFile('protocol/queues')('without a name has the server make one up')),
    built(
      'the last declared queue',
      '6',
      inFile('protocol/queues')(
        'without a queue means the last that was declared, whose name is the key as well',
        'without a queue and none declared is 404',
      ),
    ),
    absent(
      'message interceptors',
      'F 1.2',
      'RabbitMQ’s stamps of time and node are lines of its configuration; none are made here',
    ),
  ],
};

/** Policies, by key. */
export const POLICY_KEYS: Group = {
  title: 'Policies',
  rows: [
    built('message-ttl', 'F 1.5', keys('message-ttl drops what is older')),
    built('expires', 'F 1.5', keys('expires ends a queue that nobody uses')),
    built('max-length', 'F 1.5, B28', [
      ...keys('max-length drops the oldest'),
      ...inFile('protocol/policies')(
        'a smaller max-length drops and dead-letters at once, and holds no more when it is deleted',
      ),
    ]),
    built('max-length-bytes', 'F 1.5', keys('max-length-bytes drops the oldest')),
    built('overflow', 'F 1.5', keys('overflow refuses what is new')),
    built('dead-letter-exchange', 'F 1.5', keys('dead-letter-exchange leads on what is rejected')),
    built('dead-letter-routing-key', 'F 1.5', keys('dead-letter-routing-key gives it another key')),
    built(
      'delivery-limit',
      'F 1.5',
      keys('delivery-limit ends what comes back too often'),
      'for classic queues as well',
    ),
    built('alternate-exchange', 'F 1.5', keys('alternate-exchange takes what an exchange has no destination for')),
    built('max-age', 'F 1.5', keys('max-age, with stream-max-segment-size-bytes, takes what is old from a stream')),
    built(
      'stream-max-segment-size-bytes',
      'F 1.5',
      keys('max-age, with stream-max-segment-size-bytes, takes what is old from a stream'),
    ),
    more(
      'delayed-retry-type, delayed-retry-min, delayed-retry-max',
      'F 1.5',
      keys('delayed-retry-min, with -max and -type, has what comes back wait'),
      'came with RabbitMQ 4.3',
    ),
    built(
      'queue-mode, queue-version, queue-master-locator',
      'F 1.5',
      keys(['%s is accepted and means nothing', 'queue-mode']),
    ),
    built(
      'ha-mode, ha-params, ha-sync-mode, ha-sync-batch-size, ha-promote-on-shutdown, ha-promote-on-failure',
      'F 1.5',
      keys(['%s is accepted and means nothing', 'ha-mode']),
      'there are no mirrors on one node',
    ),
    built(
      'max-in-memory-length, max-in-memory-bytes, dead-letter-strategy, initial-cluster-size, queue-leader-locator',
      'F 1.5',
      [
        ...keys(['%s is accepted and means nothing', 'max-in-memory-length']),
        ...inFile('broker/policies/policy')('for %j in the words of RabbitMQ'),
      ],
      'accepted, without effect on one node',
    ),
    absent(
      'federation-upstream, federation-upstream-set',
      'F 1.5',
      'there is no federation; the key is refused as unknown',
    ),
    more(
      'consumer-timeout',
      'F 1.5',
      keys('consumer-timeout closes the channel of who keeps a delivery longer'),
      'came with RabbitMQ 3.12, which 3.10 refuses as unknown',
    ),
    neither(
      'consumer-disconnected-timeout',
      'F 1.5',
      'a key of RabbitMQ 4.3, for consumers on other nodes; there is one node',
    ),
    built(
      'pattern, priority, apply-to',
      'F 1.5',
      inFile('broker/policies/policy')(
        'is the one of the highest priority whose pattern is somewhere in the name',
        'is for its vhost and for what it applies to',
      ),
    ),
    built('operator policies', 'F 1.5', [
      ...keys('of an operator holds beside an argument that is larger'),
      ...inFile('broker/policies/policy')(
        'takes the smaller of two numbers, its own word for anything else, and leaves the other keys',
      ),
    ]),
    built('keys that are unknown', 'F 1.5', keys('that nobody knows is refused')),
  ],
};

/** Who may do what. */
export const ACCESS: Group = {
  title: 'Users, permissions, limits',
  rows: [
    built(
      'PLAIN',
      '1',
      connections('start-ok with PLAIN is answered with tune: 2047 channels, frames of 131072, heartbeats of 60'),
    ),
    built('AMQPLAIN', '1', connections('start-ok with AMQPLAIN is answered with tune')),
    built('EXTERNAL', 'F 1.1', tls('EXTERNAL logs in as the user of the common name, on TLS only')),
    neither('ANONYMOUS', 'F 1.1', 'RabbitMQ 4; who wants it makes a user without rights'),
    absent('OAuth 2', 'F 1.1', 'needs a server of tokens and a plugin; passwords and certificates are there'),
    built(
      'guest from loopback only',
      '1',
      inFile('protocols/amqp091/login-wire')(
        '%s refuses guest from elsewhere, and says no more than for a wrong password',
      ),
    ),
    built(
      'users and passwords',
      'F 1.5',
      access('takes the password of a user, in its clear or hashed form, and no other'),
    ),
    built(
      'SHA-256, SHA-512, MD5 of RabbitMQ',
      'F 1.5',
      inFile('broker/access/password-hashes')('a hash that RabbitMQ made is checked as RabbitMQ does it'),
    ),
    more(
      'slow hashes of passwords',
      'F 1.5',
      inFile('protocol/slow-logins')('let in who has the password, and nobody else, before and after it changes'),
      'scrypt; RabbitMQ has fast hashes only',
    ),
    built('vhosts', '1, F 1.5', access('needs a vhost that is there and in which the user has any permission')),
    built(
      'configure, write, read',
      '9, B23',
      access(
        'B23 somebody without any is refused each operation, before anything is looked up',
        'a dead letter exchange has to be writable, and its queue readable',
      ),
    ),
    built(
      'topic permissions',
      'F 1.5',
      access('topic permissions are honoured by the next publish of an open channel'),
    ),
    built(
      'limits of vhosts and users',
      'F 1.5',
      access(
        'connections of a vhost and of a user',
        'channels of a user, over all its connections, closed ones not counted',
        'queues of a vhost; those that exist may still be declared',
      ),
    ),
    built(
      'the tag impersonator',
      'F 1.2',
      access(
        'a user-id is the name of the user, or any name with the tag impersonator, taken and given while connected',
      ),
    ),
    absent('HTTP, LDAP and other back ends', 'F 1.5', 'users are kept by the broker itself'),
  ],
};

/** Ways in, and what holds publishers back. */
export const TRANSPORT: Group = {
  title: 'Transports, flow control, definitions',
  rows: [
    built('TLS', 'F 1.6', tls('carries messages, beside plain TCP')),
    built(
      'certificates of clients',
      'F 1.6',
      tls('where authorities are given, a client has to show one that they signed'),
    ),
    more(
      'certificates changed without a restart',
      'F 1.6',
      tls('a new certificate is used without a restart, and one that cannot be used is not'),
      'RabbitMQ reads them again when it is told to',
    ),
    built(
      'PROXY protocol',
      'F 1.6',
      inFile('protocol/proxy-protocol')(
        'lends nobody the address of this machine: what counts is where the connection comes from',
        'can come byte by byte',
      ),
    ),
    more('AMQP over WebSocket', 'F 1.13', inFile('protocol/web-socket')('over WebSocket'), 'not in open RabbitMQ'),
    absent('trust store', 'F 1.6', 'a plugin: authorities are a file, which is read again when it changes'),
    absent('encrypted values of the configuration', 'F 1.6', 'there are no secrets in the configuration'),
    built(
      'credit flow',
      'F 1.7',
      inFile('protocol/slow-clients')(
        'gets a bounded part of its queue, disturbs nobody, and leaves the rest to the next one',
        'but asks without end is not read any more, and costs bounded memory',
      ),
      'by bounded queues between parts',
    ),
    built(
      'memory alarm',
      'F 1.7',
      alarms(
        'a process above the watermark, in bytes or as a share',
        'both reasons are told together, and a connection that does not publish is not told',
      ),
    ),
    built('disk alarm', 'F 1.7', [
      ...alarms('a disk with less than the limit left'),
      ...inFile('durability/power/power')(
        'that is full: publishers wait, consumers go on, and it goes on when there is room',
      ),
    ]),
    built(
      'definitions, in and out',
      'F 1.11',
      inFile('protocol/definitions')(
        'are there when the broker has started: users, vhosts, policies, exchanges, queues, bindings',
        'come out as they went in, and mean the same again',
        'keep a broker from starting',
      ),
    ),
    built(
      'definitions of a real RabbitMQ',
      'F 1.11',
      inFile('differential-rabbitmq/definitions')(
        'go from here into a RabbitMQ, out of it, and in here again, and stay what they are',
      ),
      'run where a RabbitMQ is installed',
    ),
  ],
};
