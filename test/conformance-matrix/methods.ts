// The rows of all methods of AMQP 0-9-1 and RabbitMQ's extensions, by who says them.
import { built, type Group, inFile, neither, refused } from './row.ts';

const connections = inFile('protocol/connections');
const exchanges = inFile('protocol/exchanges');
const queues = inFile('protocol/queues');
const consuming = inFile('protocol/consuming');
const publishing = inFile('protocol/publishing');
const alarms = inFile('protocol/alarms');

const START = 'start tells version, mechanisms, locales and what the server is capable of';
const TUNE = 'start-ok with PLAIN is answered with tune: 2047 channels, frames of 131072, heartbeats of 60';
const TUNED =
  'tune-ok binds the server: bodies come in frames of what the client chose, and no more channels than it chose';
const SERVER_CLOSE = 'close of the server: nothing is answered any more but close, until close-ok ends the socket';
const CLOSE = 'close is answered with close-ok, and exclusive queues are gone by then';
const CHANNEL_CLOSE = 'close is answered with close-ok, gives back what was unacked, and frees the number';
const CHANNEL_CLOSED = 'close of the server is followed by nothing until close-ok, and the number is free then';
const FLOW = 'flow with active is answered with flow-ok; without it is 540';
const REQUEST = 'request is answered with request-ok and ticket 1';
const DECLARE_X = 'is answered with declare-ok, again when it is equivalent, with 406 when it is not';
const BIND_X = 'is answered with bind-ok and leads Messages on, until unbind is answered with unbind-ok';
const BIND_Q = 'is answered with bind-ok and leads Messages to the queue, until unbind is answered with unbind-ok';
const DECLARE_Q = 'is answered with declare-ok, which counts ready Messages and consumers';
const PURGE = 'is answered with purge-ok, which counts what was ready; what is unacked stays';
const DELETE_Q = 'is answered with delete-ok, which counts what was ready; 0 for what is not there';
const QOS = 'is answered with qos-ok and limits each consumer that starts later';
const CONSUME = 'is answered with consume-ok, then deliveries follow with tag, flags, exchange and key';
const CANCEL = 'is answered with cancel-ok, for an unknown tag too; what is unacked stays unacked';
const GET = 'is answered with get-ok, which counts what is left, or get-empty';
const RECOVER = 'recover gives all of the channel back and is answered with recover-ok';
const RETURN = 'mandatory without a destination is returned with 312, before its confirm';
const SELECT = 'is answered with select-ok, also again, and publishes count from 1';
const COMMIT = 'commit does what was published and acked since select, and is answered with commit-ok';
const ROLLBACK = 'rollback drops publishes, leaves acked Messages unacked, and is answered with rollback-ok';

/** What clients say. */
export const CLIENT_METHODS: Group = {
  title: 'Methods that clients send',
  rows: [
    built('connection.start-ok', '1', connections(TUNE, 'start-ok with AMQPLAIN is answered with tune')),
    refused(
      'connection.secure-ok',
      '1',
      connections(
        'secure-ok is answered to nobody: no mechanism asks for it, and a running connection closes with 504',
      ),
    ),
    built('connection.tune-ok', '1', connections(TUNED, 'tune-ok above what was offered ends silently')),
    built('connection.open', '1', connections(TUNED, 'open of a vhost that is not there is refused with 530')),
    built('connection.close', '3', connections(CLOSE)),
    built('connection.close-ok', '3', connections(SERVER_CLOSE)),
    built('connection.update-secret', '3', connections('update-secret is answered with update-secret-ok')),
    built('channel.open', '4', connections('open is answered with open-ok; a second one is 504')),
    built('channel.flow', '4', connections(FLOW)),
    refused('channel.flow-ok', '4', connections('flow-ok out of the blue is 503'), 'the server never sends flow'),
    built('channel.close', '4', connections(CHANNEL_CLOSE)),
    built('channel.close-ok', '4', connections(CHANNEL_CLOSED)),
    built('access.request', '4', connections(REQUEST)),
    built('exchange.declare', '5', exchanges(DECLARE_X)),
    built('exchange.delete', '5', exchanges('is answered with delete-ok, for what is not there too')),
    built('exchange.bind', '5', exchanges(BIND_X)),
    built('exchange.unbind', '5', exchanges(BIND_X)),
    built('queue.declare', '6', queues(DECLARE_Q)),
    built('queue.bind', '6', queues(BIND_Q)),
    built('queue.purge', '6', queues(PURGE)),
    built('queue.delete', '6', queues(DELETE_Q)),
    built('queue.unbind', '6', queues(BIND_Q)),
    built('basic.qos', '7', consuming(QOS)),
    built('basic.consume', '7', consuming(CONSUME)),
    built('basic.cancel', '7', consuming(CANCEL)),
    refused('basic.cancel-ok', '7', consuming('cancel-ok of a client is 503'), 'the server cancels with nowait'),
    built('basic.publish', '7', publishing(RETURN, 'to an exchange that is not there is 404')),
    built('basic.get', '7', consuming(GET)),
    built('basic.ack', '7', consuming('ack settles one, multiple all up to it, and 0 with multiple everything')),
    built(
      'basic.reject',
      '7',
      consuming('reject with requeue gives it back to its place, flagged; without it is gone'),
    ),
    built('basic.recover-async', '7', consuming('recover-async does so without an answer')),
    built('basic.recover', '7', consuming(RECOVER)),
    built('basic.nack', '7', consuming('nack does so with all up to a tag')),
    built('confirm.select', '8', publishing(SELECT, 'and tx exclude each other with 406')),
    built('tx.select', '8', publishing(COMMIT)),
    built('tx.commit', '8', publishing(COMMIT, 'commit comes after the returns of what has no destination')),
    built('tx.rollback', '8', publishing(ROLLBACK)),
  ],
};

/** What the server says. */
export const SERVER_METHODS: Group = {
  title: 'Methods that the server sends',
  rows: [
    built('connection.start', '1', connections(START)),
    refused('connection.secure', '1', connections(TUNE), 'never sent: no mechanism has a second step'),
    built('connection.tune', '1', connections(TUNE)),
    built('connection.open-ok', '1', connections(TUNED)),
    built('connection.close', '3', connections(SERVER_CLOSE)),
    built('connection.close-ok', '3', connections(CLOSE)),
    built(
      'connection.blocked',
      '3',
      alarms('a publisher is told why it waits, consumers and acks go on, and nothing is lost'),
    ),
    built(
      'connection.unblocked',
      '3',
      alarms('a publisher is told why it waits, consumers and acks go on, and nothing is lost'),
    ),
    built('connection.update-secret-ok', '3', connections('update-secret is answered with update-secret-ok')),
    built('channel.open-ok', '4', connections('open is answered with open-ok; a second one is 504')),
    neither('channel.flow', '4', 'RabbitMQ never sends it: who publishes too fast is not read from'),
    built('channel.flow-ok', '4', connections(FLOW)),
    built('channel.close', '4', connections(CHANNEL_CLOSED)),
    built('channel.close-ok', '4', connections(CHANNEL_CLOSE)),
    built('access.request-ok', '4', connections(REQUEST)),
    built('exchange.declare-ok', '5', exchanges(DECLARE_X)),
    built('exchange.delete-ok', '5', exchanges('is answered with delete-ok, for what is not there too')),
    built('exchange.bind-ok', '5', exchanges(BIND_X)),
    built('exchange.unbind-ok', '5', exchanges(BIND_X), 'its number is 51'),
    built('queue.declare-ok', '6', queues(DECLARE_Q)),
    built('queue.bind-ok', '6', queues(BIND_Q)),
    built('queue.purge-ok', '6', queues(PURGE)),
    built('queue.delete-ok', '6', queues(DELETE_Q)),
    built('queue.unbind-ok', '6', queues(BIND_Q)),
    built('basic.qos-ok', '7', consuming(QOS)),
    built('basic.consume-ok', '7', consuming(CONSUME)),
    built('basic.cancel', '7', consuming('comes from the server when the queue goes')),
    built('basic.cancel-ok', '7', consuming(CANCEL)),
    built('basic.return', '7', publishing(RETURN)),
    built('basic.deliver', '7', consuming(CONSUME)),
    built('basic.get-ok', '7', consuming(GET)),
    built('basic.get-empty', '7', consuming(GET)),
    built('basic.ack', '8', publishing(SELECT)),
    built('basic.nack', '8', publishing('nacks what a full queue refuses')),
    built('basic.recover-ok', '7', consuming(RECOVER)),
    built('confirm.select-ok', '8', publishing(SELECT)),
    built('tx.select-ok', '8', publishing(COMMIT)),
    built('tx.commit-ok', '8', publishing(COMMIT)),
    built('tx.rollback-ok', '8', publishing(ROLLBACK)),
  ],
};
