// The rows of the flags and numbers of methods.
import { built, type Group, inFile, refused } from './row.ts';

const exchanges = inFile('protocol/exchanges');
const queues = inFile('protocol/queues');
const consuming = inFile('protocol/consuming');
const publishing = inFile('protocol/publishing');
const connections = inFile('protocol/connections');
const crashes = inFile('durability/crashes');

const NOWAIT = 'nowait is not answered';
const RESTART = crashes('B24 finds what was declared, and only what is durable');

/** Flags as the methods name them. */
export const FLAGS: Group = {
  title: 'Flags of methods',
  rows: [
    built('channel.flow active', '4', connections('flow with active is answered with flow-ok; without it is 540')),
    built('exchange.declare passive', '5', exchanges('passive asks for the name only, and is 404 where there is none')),
    built('exchange.declare durable', '5', [
      ...RESTART,
      ...exchanges(['%s is compared with what is there', 'durable']),
    ]),
    built('exchange.declare autoDelete', '5', exchanges('that is auto-delete goes with the last of its bindings')),
    built(
      'exchange.declare internal',
      '5',
      exchanges('that is internal takes no publish of a client, and what is bound to it'),
    ),
    built('exchange.declare nowait', '5', exchanges(NOWAIT)),
    built('exchange.delete ifUnused', '5', exchanges('if-unused is 406 while something is bound')),
    built('exchange.delete nowait', '5', exchanges('nowait is not answered, and of a system exchange is 403')),
    built('exchange.bind nowait', '5', exchanges('and unbind with nowait are not answered')),
    built('exchange.unbind nowait', '5', exchanges('and unbind with nowait are not answered')),
    built('queue.declare passive', '6', queues('passive asks for the name only, and is 404 where there is none')),
    built('queue.declare durable', '6', [...RESTART, ...queues(['compares %s with what is there', 'durable'])]),
    built('queue.declare exclusive', '6', queues('exclusive: nobody else may use it, everybody may publish to it')),
    built(
      'queue.declare autoDelete',
      '6',
      queues('that is auto-delete goes with its last consumer; basic.get is none'),
    ),
    built('queue.declare nowait', '6', queues('with nowait a declaration is not answered')),
    built('queue.bind nowait', '6', queues('with nowait a binding is not answered')),
    built(
      'queue.purge nowait',
      '6',
      queues('is answered with purge-ok, which counts what was ready; what is unacked stays'),
    ),
    built('queue.delete ifUnused', '6', queues('if-unused is 406 while it has consumers')),
    built('queue.delete ifEmpty', '6', queues('if-empty is 406 while it has ready Messages')),
    built('queue.delete nowait', '6', queues('with nowait a deletion is not answered')),
    refused('basic.qos prefetchSize', '7', consuming('with a prefetch size is 540')),
    built(
      'basic.qos prefetchCount',
      '7',
      consuming('is answered with qos-ok and limits each consumer that starts later'),
    ),
    built('basic.qos global', '7', consuming('global limits the channel as a whole')),
    built('basic.consume noLocal', '7', consuming('no-local means nothing')),
    built(
      'basic.consume noAck',
      '7',
      consuming('no-ack needs no ack: nothing comes back, and acks are of no known tag'),
    ),
    built(
      'basic.consume exclusive',
      '7',
      consuming('exclusive is 403 beside another consumer, and so is any beside an exclusive one'),
    ),
    built('basic.consume nowait', '7', consuming(NOWAIT)),
    built(
      'basic.cancel nowait',
      '7',
      consuming('is answered with cancel-ok, for an unknown tag too; what is unacked stays unacked'),
    ),
    built(
      'basic.publish mandatory',
      '7',
      publishing('mandatory without a destination is returned with 312, before its confirm'),
    ),
    refused('basic.publish immediate', '7', publishing('immediate is 540')),
    built('basic.get noAck', '7', consuming('is answered with get-ok, which counts what is left, or get-empty')),
    built(
      'basic.ack multiple',
      '7',
      consuming('ack settles one, multiple all up to it, and 0 with multiple everything'),
    ),
    built(
      'basic.reject requeue',
      '7',
      consuming('reject with requeue gives it back to its place, flagged; without it is gone'),
    ),
    built(
      'basic.recover-async requeue',
      '7',
      consuming('recover-async does so without an answer', ['%s without requeue is 540', 'basic.recover-async']),
    ),
    built(
      'basic.recover requeue',
      '7',
      consuming('recover gives all of the channel back and is answered with recover-ok', [
        '%s without requeue is 540',
        'basic.recover',
      ]),
    ),
    built('basic.nack multiple', '7', consuming('nack does so with all up to a tag')),
    built('basic.nack requeue', '7', consuming('nack does so with all up to a tag')),
    built('confirm.select nowait', '8', publishing(NOWAIT)),
    built(
      'basic.deliver redelivered',
      '7',
      consuming('reject with requeue gives it back to its place, flagged; without it is gone'),
    ),
  ],
};
