// Mistakes of the broker beside those of test/properties.
import type { Channel } from '../../src/protocols/amqp091/channel.ts';
import type { Command } from '../../src/protocols/amqp091/envelope.ts';
import { opening } from '../properties/broker/planted.ts';
import type { LooseHandler } from '../properties/broker/world.ts';
import type { WirePlant } from '../properties/wire/world.ts';

/** Queues that start with another record. */
function recorded(change: (record: Readonly<Record<string, unknown>>) => unknown): WirePlant {
  return {
    queue: (handler: LooseHandler) => ({
      ...handler,
      init: (context, ...args) =>
        handler.init?.(context, ...args.slice(0, -1), change(args.at(-1) as Readonly<Record<string, unknown>>)),
    }),
  };
}

/** A queue that is to go with its last consumer stays. */
export const autoDeleteForgotten: WirePlant = recorded((record) => ({ ...record, autoDelete: false }));

/** Channels that get some of their commands changed. */
function commanding(change: (command: Command) => Command): WirePlant {
  return {
    channel: (handler: LooseHandler) => ({
      ...handler,
      handle(state, message, context) {
        const { tag, commands } = message as { readonly tag: string; readonly commands: readonly Command[] };
        const changed = tag === 'commands' ? { ...(message as object), commands: commands.map(change) } : message;
        return handler.handle(state, changed, context);
      },
    }),
  };
}

/** Flags of a declaration are overlooked. */
export const flagsOverlooked: WirePlant = commanding((command) => {
  const { method } = command;
  if (method?.name !== 'queue.declare') return command;
  return { ...command, method: { ...method, durable: false } } as Command;
});

/** Publishes behind an error of their channel still count. */
export const deafToOwnClose: WirePlant = opening((channel) => {
  const inside = channel as unknown as { whileClosing(command: Command): void };
  const whileClosing = inside.whileClosing.bind(channel);
  inside.whileClosing = (command) => {
    if (command.method === null || command.method.name !== 'basic.publish' || command.content === null) {
      whileClosing(command);
    } else channel.publisher.publish(command.method, command.content);
  };
});

/** A rollback commits. */
export const rollbackCommits: WirePlant = opening(({ publisher }: Channel) => {
  publisher.rollback = () => publisher.commit();
});

/** A transaction does not wait for its commit. */
export const transactionLeaks: WirePlant = opening((channel: Channel) => {
  const publish = channel.publisher.publish.bind(channel.publisher);
  channel.publisher.publish = (method, content) => {
    publish(method, content);
    if (channel.mode === 'tx') channel.publisher.commit();
  };
});

/** An exclusive queue is everybody's. */
export const lockForgotten: WirePlant = commanding((command) => {
  const { method } = command;
  if (method?.name !== 'queue.declare') return command;
  return { ...command, method: { ...method, exclusive: false } } as Command;
});

/** What is meant for one queue goes to all that are bound to the exchange of test/properties/broker. */
export const spreads: WirePlant = commanding((command) => {
  const { method } = command;
  if (method?.name !== 'basic.publish' || method.exchange !== '') return command;
  return { ...command, method: { ...method, exchange: 'both' } } as Command;
});

/** A confirm goes out before the return of its publish. */
export const ackBeforeReturn: WirePlant = opening(({ output }: Channel) => {
  const confirms = output.confirms.bind(output);
  const reply = output.reply.bind(output);
  const held: Parameters<typeof reply>[] = [];
  output.reply = (...args) => {
    if (args[0].name === 'basic.return') held.push(args);
    else reply(...args);
  };
  output.confirms = (ranges) => {
    confirms(ranges);
    for (const args of held.splice(0)) reply(...args);
    output.flush();
  };
});
