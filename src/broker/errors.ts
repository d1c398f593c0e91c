// What a broker refuses, as values: soft errors end the channel, hard ones the connection (digest, first table). The
// texts are RabbitMQ's without the name of the code, which the protocol puts in front (digest 3 to 9).

/** A refusal. `code` is the AMQP reply code, which other protocols translate. */
export interface BrokerError {
  /** What ends with it. */
  readonly scope: 'channel' | 'connection';
  readonly code: number;
  /** Without the code's name in front. */
  readonly text: string;
}

/** What error texts are about: an exchange or a queue by its name and vhost. */
export interface Named {
  readonly vhost: string;
  readonly name: string;
}

function soft(code: number, text: string): BrokerError {
  return { scope: 'channel', code, text };
}

function hard(code: number, text: string): BrokerError {
  return { scope: 'connection', code, text };
}

/** `exchange 'NAME' in vhost 'VHOST'`, as all texts name an exchange. */
export function exchangeText(vhost: string, name: string): string {
  return `exchange '${name}' in vhost '${vhost}'`;
}

/** `queue 'NAME' in vhost 'VHOST'`, as all texts name a queue. */
export function queueText(vhost: string, name: string): string {
  return `queue '${name}' in vhost '${vhost}'`;
}

// ---- 403

/** An operation that names the default exchange. */
export function defaultExchangeRefused(): BrokerError {
  return soft(403, 'operation not permitted on the default exchange');
}

/** Declaring a name that begins with `amq.`. */
export function reservedName(kind: 'exchange' | 'queue', name: string): BrokerError {
  return soft(403, `${kind} name '${name}' contains reserved prefix 'amq.*'`);
}

/** Deleting a predeclared exchange. */
export function systemExchange(vhost: string, name: string): BrokerError {
  return soft(403, `deletion of system ${exchangeText(vhost, name)} not allowed`);
}

/** Exclusive consuming beside others, or beside an exclusive consumer. */
export function exclusiveUse(vhost: string, name: string): BrokerError {
  return soft(403, `${queueText(vhost, name)} in exclusive use`);
}

// ---- 404 and 405

export function noExchange(vhost: string, name: string): BrokerError {
  return soft(404, `no ${exchangeText(vhost, name)}`);
}

export function noQueue(vhost: string, name: string): BrokerError {
  return soft(404, `no ${queueText(vhost, name)}`);
}

/** Another connection's exclusive queue, or one declared with another exclusive flag. */
export function lockedQueue(vhost: string, name: string): BrokerError {
  return soft(
    405,
    `cannot obtain exclusive access to locked ${queueText(vhost, name)}. It could be originally declared on another ` +
      'connection or the exclusive property value does not match that of the original declaration.',
  );
}

// ---- 406

/** Any other unmet condition. */
export function preconditionFailed(text: string): BrokerError {
  return soft(406, text);
}

export function exchangeInUse(vhost: string, name: string): BrokerError {
  return soft(406, `${exchangeText(vhost, name)} in use`);
}

export function queueInUse(vhost: string, name: string): BrokerError {
  return soft(406, `${queueText(vhost, name)} in use`);
}

export function queueNotEmpty(vhost: string, name: string): BrokerError {
  return soft(406, `${queueText(vhost, name)} not empty`);
}

/** A declaration that differs from what exists; `received` and `current` come with their quotes. */
export function inequivalent(what: string, argument: string, received: string, current: string): BrokerError {
  return soft(406, `inequivalent arg '${argument}' for ${what}: received ${received} but current is ${current}`);
}

/** An argument with a bad value; `why` is RabbitMQ's term for it. */
export function invalidArgument(what: string, argument: string, why: string): BrokerError {
  return soft(406, `invalid arg '${argument}' for ${what}: ${why}`);
}

/** An argument that should name an exchange and is no string. */
export function invalidArgumentType(what: string, argument: string, type: string): BrokerError {
  return soft(406, `invalid type '${type}' for arg '${argument}' in ${what}`);
}

/** An argument that the type of the queue does not know. */
export function unsupportedArgument(what: string, argument: string, type: string): BrokerError {
  return soft(406, `invalid arg '${argument}' for ${what} of queue type rabbit_${type}_queue`);
}

/** A flag that the type of the queue does not allow. */
export function invalidProperty(what: string, property: string): BrokerError {
  return soft(406, `invalid property '${property}' for ${what}`);
}

/** basic.consume from a stream without a prefetch. */
export function prefetchMissing(vhost: string, name: string): BrokerError {
  return soft(406, `consumer prefetch count is not set for '${queueText(vhost, name)}'`);
}

export function serverNamedRefused(type: string): BrokerError {
  return soft(406, `Cannot declare a server-named queue for type rabbit_${type}_queue`);
}

// ---- hard ones

/** queue.delete with a flag that a quorum queue does not know. */
export function conditionalDeleteRefused(vhost: string, name: string, flag: 'if-unused' | 'if-empty'): BrokerError {
  const text = `queue.delete operations with ${flag} flag set are not supported by quorum queues`;
  return hard(540, `cannot delete ${queueText(vhost, name)}. ${text}`);
}

/** basic.consume from a quorum queue on a channel with a shared prefetch. */
export function sharedPrefetchRefused(vhost: string, name: string): BrokerError {
  return hard(540, `${queueText(vhost, name)} does not support global qos`);
}

/** What a stream does not do. */
export function streamRefused(
  what: 'basic.get' | 'queue.purge' | 'automatic acknowledgement' | 'basic.nack and basic.reject',
  vhost: string,
  name: string,
): BrokerError {
  return hard(540, `${what} not supported by stream queues ${queueText(vhost, name)}`);
}

export function unknownExchangeType(type: string): BrokerError {
  return hard(503, `unknown exchange type '${type}'`);
}
