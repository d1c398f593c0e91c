// The rows of what a Message is made of: frames, properties, types of headers, and headers with a meaning.
import { built, type Group, inFile, more, neither } from './row.ts';

const publishing = inFile('protocol/publishing');
const malformed = inFile('protocol/malformed');
const frames = inFile('protocols/amqp091/codec/frame-reader');
const queues = inFile('protocol/queue-arguments');
const tables = inFile('protocols/amqp091/codec/field-table');

const unchanged = (property: string) => publishing(['%s passes unchanged', property]);
const TYPED = [
  ...publishing('headers passes unchanged, with the type of each value'),
  ...tables("digest 2: a header keeps RabbitMQ's type letter, s being 16 bits"),
];

/** Frames and the rules around them. */
export const FRAMES: Group = {
  title: 'Frames and content',
  rows: [
    built('protocol header', '1', [
      ...malformed(['%s: it answers with its protocol header', 'another version']),
      ...frames('digest 1.1: 0-9-1, 0-9 and both forms of 0-8 are taken and frames follow'),
    ]),
    built('method frame', '2', frames('frame_short_method is an error of its channel and reading goes on')),
    built('content header frame', '2', frames('content_header_wrong_class and content_header_weight_not_zero')),
    built('content body frame', '2', [
      ...frames('more body than announced is 501, in one frame or in several'),
      ...inFile('protocols/amqp091/codec/frame-writer')('content_split_at_frame_max: pieces of frame_max - 8'),
    ]),
    built('heartbeat frame', '1', [
      ...inFile('protocol/heartbeats')(
        'a silent client hears heartbeats and is let go after two timeouts without one of its own',
        'a client that answers is kept, however long it says nothing else',
      ),
      ...inFile('protocols/amqp091/heartbeat')('does not judge a client that the server does not read'),
    ]),
    built('frame-max', '2', [
      ...frames('frame_too_large is told before the payload has come, and ends the reading'),
      ...frames('frame_of_frame_max_payload_is_tolerated, and 0 means no limit'),
    ]),
    built(
      'frames of channels mixed',
      '2',
      malformed('heartbeats and other channels between the frames of a content are fine'),
    ),
    built(
      'content in a wrong order',
      '2',
      frames('content_method_instead_of_header, content_method_instead_of_body, a body instead of a header'),
    ),
    built('bodies above 128 MiB', '2', frames('publish_too_large is judged after the whole body, without keeping it')),
    built(
      'frames cut anywhere',
      '2',
      inFile('protocol/segmentation')(
        'in one write, in writes of one byte and cut in two anywhere says and hears the same',
      ),
    ),
    built('names that are no UTF-8', '2', malformed(['%s: %s', '501', 'a name that is no UTF-8'])),
    built(
      'an error of one channel',
      '4',
      malformed('what comes behind an error on its channel is passed over, on others it is done'),
    ),
    built('a handshake out of order', '1', malformed(['%s', 'open before tune-ok'])),
  ],
};

/** The 14 properties. */
export const PROPERTIES: Group = {
  title: 'Properties of Messages',
  rows: [
    built('content-type', '2', unchanged('contentType')),
    built('content-encoding', '2', unchanged('contentEncoding')),
    built('headers', '2', publishing('headers passes unchanged, with the type of each value')),
    built('delivery-mode', '2, B1', [
      ...unchanged('deliveryMode'),
      ...publishing('delivery-mode of %i is 406'),
      ...inFile('durability/kill')('B1 B4 B5 with %i data threads nothing confirmed is lost and nothing is invented'),
    ]),
    built('priority', '9', [
      ...unchanged('priority'),
      ...queues('with x-max-priority gives the higher first, in order within one, and caps what is above'),
    ]),
    built('correlation-id', '2', unchanged('correlationId')),
    built('reply-to', '9', [
      ...unchanged('replyTo'),
      ...publishing('rewrites reply-to of a request and delivers the answer to the channel that asked'),
    ]),
    built('expiration', '7, 9', [
      ...unchanged('expiration'),
      ...publishing('expiration of %s is 406', 'expiration may have a sign in front'),
      ...queues('takes the lower one of x-message-ttl and expiration, and keeps what waits behind a longer one'),
    ]),
    built('message-id', '2', unchanged('messageId')),
    built('timestamp', '2', unchanged('timestamp')),
    built('type', '2', unchanged('type')),
    built('user-id', '7', [...unchanged('userId'), ...publishing('user-id that is not who logged in is 406')]),
    built('app-id', '2', unchanged('appId')),
    built('cluster-id', '2', unchanged('clusterId')),
  ],
};

/** The types of table values, by letter, as RabbitMQ reads them. */
export const FIELD_TYPES: Group = {
  title: 'Types of table values',
  rows: [
    built('t bool', '2', TYPED),
    built('b byte', '2', TYPED),
    built('B unsignedbyte', '2', TYPED),
    built('s short', '2', TYPED),
    built('u unsignedshort', '2', TYPED),
    built('I signedint', '2', TYPED),
    built('i unsignedint', '2', TYPED),
    built('l long', '2', TYPED),
    built('L long', '2', tables('the letter L is a signed number of 64 bits, as RabbitMQ reads it')),
    built('f float', '2', TYPED),
    built('d double', '2', TYPED),
    built('D decimal', '2', TYPED),
    built('S longstr', '2', TYPED),
    built('x binary', '2', TYPED),
    built('A array', '2', TYPED),
    built('T timestamp', '2', TYPED),
    built('F table', '2', TYPED),
    built('V void', '2', TYPED),
    built('any other letter', '2', tables('an unknown type octet is 502'), 'RabbitMQ’s connection crashes there'),
  ],
};

/** Headers that the broker reads or writes. */
export const HEADERS: Group = {
  title: 'Headers with a meaning',
  rows: [
    built(
      'CC',
      '7',
      publishing(
        'CC and BCC of the headers are further keys; BCC is taken out, the first key stays',
        'CC that is no array is 406',
        'CC may have more than texts in it, which are no keys',
      ),
    ),
    built('BCC', '7', publishing('CC and BCC of the headers are further keys; BCC is taken out, the first key stays')),
    built('x-death', '9, B17', [
      ...queues(
        'with x-dead-letter-exchange sends there what is rejected, with its history',
        'replaces a header x-death that is no history, and names no first death then',
      ),
      ...inFile('broker/dead-letter')('dlx_twice_counts: a repeat counts up, comes first and keeps its other fields'),
    ]),
    built(
      'x-first-death-reason',
      '9',
      queues('with x-dead-letter-exchange sends there what is rejected, with its history'),
    ),
    built(
      'x-first-death-queue',
      '9',
      queues('with x-dead-letter-exchange sends there what is rejected, with its history'),
    ),
    built(
      'x-first-death-exchange',
      '9',
      queues('with x-dead-letter-exchange sends there what is rejected, with its history'),
    ),
    built(
      'original-expiration, in x-death',
      '9',
      queues('with x-dead-letter-exchange sends there what expired, without its expiration'),
    ),
    built(
      'x-delivery-count',
      'F 1.2',
      inFile('protocol/queue-types')('tells a consumer the count only when there is one'),
    ),
    built(
      'x-stream-offset, of a delivery',
      'F 1.4',
      inFile('protocol/streams')('are read from anywhere, again and again, and nothing leaves them by an ack'),
    ),
    more(
      'x-delay',
      'F 1.2',
      inFile('protocol/queue-types')('routes at once, and what is delayed arrives later, with its header turned'),
      'a plugin that was archived',
    ),
    built(
      'x-recent-history-no-store',
      'F 1.3',
      inFile('protocol/exchange-types')(
        'x-recent-history-length bounds what it remembers; x-recent-history-no-store keeps a Message out',
      ),
    ),
    neither('x-last-death-reason, -queue, -exchange', 'F 1.2', 'RabbitMQ writes them from 3.13 on'),
    neither(
      'x-stream-filter-value',
      'F 1.4',
      'filters of streams came with RabbitMQ 3.13; the header passes unchanged',
    ),
  ],
};
