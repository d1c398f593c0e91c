// The rows of the reply codes.
import { built, type Group, inFile, more, neither } from './row.ts';

const codes = inFile('protocol/reply-codes');

/** Every code of the protocol, also those that nobody sends. */
export const REPLY_CODES: Group = {
  title: 'Reply codes',
  rows: [
    built('200 OK', '3', codes('%i %s'), 'of clients; any other is taken as well'),
    neither('311 CONTENT_TOO_LARGE', 'codes', 'RabbitMQ never sends it: a body that is too large is 406'),
    built(
      '312 NO_ROUTE',
      '7',
      inFile('protocol/publishing')('mandatory without a destination is returned with 312, before its confirm'),
    ),
    neither('313 NO_CONSUMERS', 'codes', 'RabbitMQ never sends it: immediate is 540'),
    built('320 CONNECTION_FORCED', '3', [
      ...inFile('cli/start-stop')('stops cleanly on %s data threads: clients are told 320'),
      ...inFile('protocol/access')('the connections of a deleted user and of a deleted vhost are closed with 320'),
    ]),
    neither('402 INVALID_PATH', 'codes', 'RabbitMQ never sends it: an unknown vhost is 530'),
    built('403 ACCESS_REFUSED', '5, 6', [
      ...codes('403 ACCESS_REFUSED for a name of the system'),
      ...inFile('protocol/connections')(
        'start-ok with a wrong password is refused with 403 to who is capable of hearing it',
      ),
    ]),
    built('404 NOT_FOUND', '6', codes('404 NOT_FOUND for a queue that is not there')),
    built('405 RESOURCE_LOCKED', '6', codes('405 RESOURCE_LOCKED for a queue of another connection')),
    built('406 PRECONDITION_FAILED', '7', codes('406 PRECONDITION_FAILED for a tag that was never delivered')),
    built('501 FRAME_ERROR', '2', codes('501 FRAME_ERROR for a frame without its end')),
    more(
      '502 SYNTAX_ERROR',
      '2',
      inFile('protocols/amqp091/codec/field-table')('an unknown type octet is 502'),
      'for tables that cannot be read, at which RabbitMQ’s connection crashes',
    ),
    built('503 COMMAND_INVALID', '4, 5', codes('503 COMMAND_INVALID for an exchange type that is none')),
    built('504 CHANNEL_ERROR', '4', codes('504 CHANNEL_ERROR for a channel that is not open')),
    built('505 UNEXPECTED_FRAME', '2', codes('505 UNEXPECTED_FRAME for a method instead of a content')),
    neither('506 RESOURCE_ERROR', 'codes', 'RabbitMQ never sends it: what is short makes publishers wait'),
    built('530 NOT_ALLOWED', '1, 4, 7', [
      ...codes('530 NOT_ALLOWED for a consumer tag in use'),
      ...inFile('protocol/connections')('open of a vhost that is not there is refused with 530'),
    ]),
    built('540 NOT_IMPLEMENTED', '4, 7', codes('540 NOT_IMPLEMENTED for a publish that is immediate')),
    built(
      '541 INTERNAL_ERROR',
      '4',
      inFile('protocol/crash-radius')('of a channel is its connection, which closes with 541'),
    ),
    built(
      'texts above 255 bytes',
      'codes',
      inFile('protocols/amqp091/codec/reply-codes')('255 bytes stay, 256 are cut to 252 and three dots'),
    ),
  ],
};
