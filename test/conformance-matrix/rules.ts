// The rows of finer rules, each a sentence of the digest that no method, argument or property says by itself.
import { type Group, inFile, built as row } from './row.ts';

const declaring = inFile('protocol/declaring-rules');
const messages = inFile('protocol/message-rules');

/** Of exchanges, bindings and queues. */
export const DECLARING_RULES: Group = {
  title: 'Rules of declaring and binding',
  rows: [
    row(
      'line ends in names',
      '5',
      declaring('line ends are left out of names, in declarations, bindings and deletions'),
    ),
    row(
      'order of checks of a declaration',
      '5',
      declaring('the type is looked at before the name, but for passive ones'),
    ),
    row(
      'words for arguments that one side has not',
      '5',
      declaring('one side without an alternate exchange is told as none; other arguments are not compared'),
    ),
    row(
      'an alternate exchange that is not there',
      '5',
      declaring('an alternate exchange that is not there makes Messages unroutable, and they are returned'),
    ),
    row(
      'alternate exchanges in a circle',
      '5',
      declaring('alternate exchanges in a circle end, and the Message is returned'),
    ),
    row('headers: presence', '5', declaring(['headers: %s', 'a void value asks for presence'])),
    row(
      'headers: equality of numbers',
      '5',
      declaring(
        ['headers: %s', 'numbers are equal whatever their width'],
        ['headers: %s', 'an integer is equal to a float'],
        ['headers: %s', 'a text is no number'],
      ),
    ),
    row(
      'headers: nothing to match',
      '5',
      declaring(['headers: %s', 'an empty all matches everything'], ['headers: %s', 'an empty any matches nothing']),
    ),
    row('headers: x-match of another type', '5', declaring('x-match of %j is 406')),
    row(
      'auto-delete in a cascade',
      '5',
      declaring('auto-delete goes on from an exchange to those that were bound to it'),
    ),
    row('passive without a name', '6', declaring('passive with no name does not mean the last one')),
    row(
      'the last declared queue, everywhere',
      '6',
      declaring('the last declared one is meant by purge, get, consume and delete as well'),
    ),
    row(
      'exclusive declared again',
      '6',
      declaring(
        ['exclusive is 405 when %s', 'the owner declares it without the flag'],
        ['exclusive is 405 when %s', 'anyone declares one with the flag that has it not'],
      ),
    ),
    row(
      'names of the server declared again',
      '6',
      declaring('a name that the server made up is not declared again, only passively'),
    ),
    row('order of comparison', '6', declaring('attributes are compared before arguments, durable first')),
    row(
      'auto-delete at the end of channel and connection',
      '6',
      declaring(['auto-delete goes with %s', 'channel.close'], ['auto-delete goes with %s', 'connection.close']),
    ),
    row('deletion and bindings', '6', declaring('deletion takes bindings along: an exchange has no destination then')),
    row('identity of bindings', '5', declaring('bindings with other arguments are other bindings')),
  ],
};

const ORDER = [
  'the exchange first',
  'then reply-to',
  'then user-id',
  'then expiration',
  'then CC',
  'then delivery-mode',
];

/** Of publishing, taking, giving back, dead letters. */
export const MESSAGE_RULES: Group = {
  title: 'Rules of publishing and taking',
  rows: [
    row(
      'order of checks of a publish',
      '7',
      messages(...ORDER.map((word) => ['is checked in order: %s', word] as const)),
    ),
    row(
      'errors of what has no answer',
      '10',
      messages('an error is told before the answer to anything later, and other channels go on'),
    ),
    row('returns before later answers', '10', messages('what is returned comes before the answer to anything later')),
    row('expiration for consumers', '9', messages('expiration stays on the Message for who gets it')),
    row('what prefetch is not for', '7', messages('the limit is not for basic.get, nor for consumers without ack')),
    row('round robin', '7', messages('consumers take turns')),
    row(
      'exclusive beside a single active consumer',
      '9',
      messages('a consumer that is alone with x-single-active-consumer may not be exclusive'),
    ),
    row(
      'unknown delivery tags',
      '7, B7',
      messages(
        ['a tag is unknown: %s', 'multiple up to one that is not outstanding'],
        ['a tag is unknown: %s', 'none, without multiple'],
        'a tag of another channel is unknown',
      ),
    ),
    row(
      'redelivery after the end of a connection',
      '7',
      messages('what a connection leaves behind comes again, flagged'),
    ),
    row('errors in transactions', '8', messages('an unknown exchange and an unknown tag are told at once')),
    row('a transaction that is left', '4', messages('a channel that closes takes its open transaction along')),
    row('one transaction after another', '8', messages('another one begins after each commit')),
    row('dead letters for nobody', '9', messages('are dropped when their exchange is not there')),
    row('circles of rejects', '9', messages('that were rejected may go in a circle, and are counted')),
    row('history of several deaths', '9, B17', messages('have the newest death first, and the first one named')),
    row(
      'CC and BCC of dead letters',
      '9',
      messages('with a key of the queue lose CC, without one they keep it and BCC is no key in their history'),
    ),
    row('priorities and length', '9', messages('a length limit may drop a higher Message for a lower one')),
    row('priorities and time', '9', messages('an expired lower Message waits behind a higher one')),
    row(
      'direct replies to who is gone',
      '9',
      messages('to who is gone are unroutable, and the address is not there any more'),
    ),
    row('direct replies after a cancel', '9', messages('end with the consumer, by its tag')),
    row('direct replies and bindings', '9', messages('bind nothing: 404')),
  ],
};
