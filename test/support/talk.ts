// A conversation with a broker, method by method, on a socket of its own: what a client says is named and typed, what
// comes back is read channel by channel, in order, whatever it is. WARREN_TEST_AMQP_PORT lets the same conversations run
// against another broker on this machine, such as a RabbitMQ whose answers they are.
import hostProcess from 'node:process';
import { startBroker } from '../../src/broker.ts';
import type { FieldTable, FieldValue } from '../../src/protocols/amqp091/codec/field-value.ts';
import { METHODS, type Method, type MethodName } from '../../src/protocols/amqp091/codec/method-table.ts';
import { carriesContent, decodeMethod, encodeMethod } from '../../src/protocols/amqp091/codec/methods.ts';
import { decodeProperties, encodeProperties, type Properties } from '../../src/protocols/amqp091/codec/properties.ts';
import { RawClient, type ReceivedFrame } from './raw-client.ts';
import * as wire from './wire.ts';

/** What a server says: the arguments of its method; a content adds `body` and `properties`. Tables are plain objects. */
export type Answer = { readonly name: MethodName } & Readonly<Record<string, unknown>>;

/** A broker to talk to. */
export interface Target extends AsyncDisposable {
  readonly amqpPort: number;
}

/** Starts a broker in this process, or names the one that WARREN_TEST_AMQP_PORT asks for. */
export async function startTarget(): Promise<Target> {
  const other = hostProcess.env.WARREN_TEST_AMQP_PORT;
  if (other !== undefined) return { amqpPort: Number(other), [Symbol.asyncDispose]: async () => {} };
  return await startBroker({ amqpPort: 0, logger: 'silent' });
}

let lastName = 0;

/** A name that no conversation has used, of this run or an earlier one with another broker. */
export function newName(): string {
  return `t.${hostProcess.pid}.${Date.now().toString(36)}.${++lastName}`;
}

/** A value of a table: numbers become signed integers of 32 bits, or 64 where they have to; typed ones stay as they are. */
function field(value: unknown): FieldValue {
  if (value === null) return { type: 'void', value: null };
  if (typeof value === 'string') return { type: 'longstr', value };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') {
    return Math.abs(value) < 2 ** 31 ? { type: 'signedint', value } : { type: 'long', value: BigInt(value) };
  }
  if (Array.isArray(value)) return { type: 'array', value: value.map(field) };
  if (typeof value === 'object' && 'type' in value && 'value' in value) return value as FieldValue;
  return { type: 'table', value: fields(value as Record<string, unknown>) };
}

/** A table from a plain object. */
export function fields(object: Readonly<Record<string, unknown>>): FieldTable {
  return new Map(Object.entries(object).map(([key, value]) => [key, field(value)]));
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plainField(item)]));
  return value;
}

function plainField({ type, value }: FieldValue): unknown {
  if (type === 'array') return value.map(plainField);
  return type === 'long' || type === 'timestamp' ? Number(value) : plain(value);
}

const EMPTY: Readonly<Record<string, unknown>> = {
  bit: false,
  shortstr: '',
  longtext: '',
  longstr: new Uint8Array(),
  longlong: 0,
};

function methodOf(name: MethodName, args: Readonly<Record<string, unknown>>): Method {
  const method: Record<string, unknown> = { name };
  for (const [argument, kind] of Object.entries(METHODS[name][2])) {
    const given = args[argument];
    if (kind === 'table') method[argument] = fields((given ?? {}) as Record<string, unknown>);
    else method[argument] = given ?? EMPTY[kind] ?? 0;
  }
  return method as unknown as Method;
}

export class Talk implements AsyncDisposable {
  readonly client: RawClient;
  private readonly read = new Map<number, number>();

  constructor(client: RawClient) {
    this.client = client;
  }

  /** Logged in as guest, with channel 1 open. */
  static async open({ amqpPort }: { readonly amqpPort: number }): Promise<Talk> {
    return new Talk(await RawClient.open(amqpPort));
  }

  /** Connected, with the protocol header said and nothing more. */
  static async start({ amqpPort }: { readonly amqpPort: number }): Promise<Talk> {
    const client = await RawClient.connect(amqpPort);
    client.send(wire.PROTOCOL_HEADER);
    return new Talk(client);
  }

  /** Says a method; arguments that are not given are false, zero or empty. */
  tell(name: MethodName, args: Readonly<Record<string, unknown>> = {}, channel = 1): void {
    this.client.send(wire.frame(1, channel, Buffer.from(encodeMethod(methodOf(name, args)))));
  }

  /** Says a method and gives the next thing that comes on its channel. */
  ask(name: MethodName, args: Readonly<Record<string, unknown>> = {}, channel = 1): Promise<Answer> {
    this.tell(name, args, channel);
    return this.next(channel);
  }

  /** Publishes one message to the exchange and key of `args`. */
  publish(args: Readonly<Record<string, unknown>>, body = '', properties: Properties = {}, channel = 1): void {
    this.tell('basic.publish', args, channel);
    const bytes = Buffer.from(body);
    this.client.send(wire.contentHeader(channel, bytes.length, Buffer.from(encodeProperties(properties))));
    if (bytes.length > 0) this.client.send(wire.contentBody(channel, bytes));
  }

  /** Declares a queue of this connection's own and gives its name. */
  async queue(args: Readonly<Record<string, unknown>> = {}, channel = 1): Promise<string> {
    const answer = await this.ask('queue.declare', { exclusive: true, arguments: args }, channel);
    if (answer.name !== 'queue.declare-ok') throw new Error(`refused: ${answer.replyText}`);
    return String(answer.queue);
  }

  /** Publishes a body to a queue and waits until the queue has it. */
  async send(queue: string, ...bodies: readonly string[]): Promise<void> {
    for (const body of bodies) this.publish({ routingKey: queue }, body);
    await this.ask('queue.declare', { queue, passive: true });
  }

  /** The bodies of what is ready in a queue, which is empty then. */
  async drained(queue: string): Promise<readonly unknown[]> {
    const bodies: unknown[] = [];
    for (;;) {
      const answer = await this.ask('basic.get', { queue, noAck: true });
      if (answer.name !== 'basic.get-ok') return bodies;
      bodies.push(answer.body);
    }
  }

  /** The next thing that has come or comes on a channel. */
  next(channel = 1): Promise<Answer> {
    return this.client.until(() => this.take(channel), `something on channel ${channel}`);
  }

  /** What has come on a channel and was not read yet, as far as it is whole. */
  rest(channel = 1): readonly Answer[] {
    const answers: Answer[] = [];
    for (let answer = this.take(channel); answer !== undefined; answer = this.take(channel)) answers.push(answer);
    return answers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.client.isOver) {
      this.tell('connection.close', { replyCode: 200 }, 0);
      await this.client.method('10.51').catch(() => {});
    }
    await this.client[Symbol.asyncDispose]();
  }

  private take(channel: number): Answer | undefined {
    const from = this.read.get(channel) ?? 0;
    const [first, header, ...behind] = this.client.frames.filter((frame) => frame.channel === channel).slice(from);
    if (first === undefined) return undefined;
    const method = decodeMethod(first.payload, 0, first.payload.length);
    const answer = Object.fromEntries(Object.entries(method).map(([key, value]) => [key, plain(value)])) as Answer;
    if (!carriesContent(method.name)) {
      this.read.set(channel, from + 1);
      return answer;
    }
    const content = header && contentOf(header, behind);
    if (content === undefined) return undefined;
    this.read.set(channel, from + 2 + content.bodyFrames);
    return { ...answer, body: content.body, properties: content.properties };
  }
}

function contentOf({ payload }: ReceivedFrame, behind: readonly ReceivedFrame[]) {
  const wanted = Number(payload.readBigUInt64BE(4));
  const properties = Object.entries(decodeProperties(payload, 12)).map(([key, value]) => [key, plain(value)]);
  let body = Buffer.alloc(0);
  let bodyFrames = 0;
  while (body.length < wanted && bodyFrames < behind.length) body = Buffer.concat([body, behind[bodyFrames++].payload]);
  return body.length < wanted
    ? undefined
    : { body: body.toString(), properties: Object.fromEntries(properties), bodyFrames };
}
