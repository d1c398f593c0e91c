// What a simulated client does, as data that fast-check draws and shrinks.
import fc from 'fast-check';

export const QUEUES = ['a', 'b'] as const;

export interface ChannelScript {
  /** Publisher confirms. */
  readonly confirms: boolean;
  /** The limit of basic.qos with global=true; 0 for none. */
  readonly shared: number;
}

/** One step on the channel `ch`; `later` leaves its commands for the next batch. */
export type Op = { readonly ch: number; readonly later: boolean } & (
  | { readonly do: 'publish'; readonly to: string; readonly count: number }
  | { readonly do: 'consume'; readonly queue: string; readonly prefetch: number; readonly noAck: boolean }
  | { readonly do: 'cancel'; readonly pick: number }
  | { readonly do: 'get'; readonly queue: string; readonly noAck: boolean }
  | {
      readonly do: 'settle';
      readonly pick: number;
      readonly multiple: boolean;
      readonly how: 'acked' | 'requeued' | 'rejected';
    }
  | { readonly do: 'close' }
  /** Waits until a delivery comes, or a little. */
  | { readonly do: 'wait' }
  /** A process of its own kills the channel, so many slices later. */
  | { readonly do: 'kill'; readonly slices: number }
);

export interface ClientScript {
  readonly name: string;
  readonly thread: number;
  readonly channels: readonly ChannelScript[];
  readonly ops: readonly Op[];
}

export interface BrokerProgram {
  readonly clients: readonly Omit<ClientScript, 'name' | 'thread'>[];
  readonly queueKills: readonly { readonly queue: string; readonly slices: number }[];
}

export interface Allowed {
  readonly clients: number;
  readonly ops: number;
  readonly channelKills?: boolean;
  readonly queueKills?: number;
  /** Default: all steps. */
  readonly steps?: readonly Op['do'][];
  /** All channels have publisher confirms. Default: some. */
  readonly confirms?: true;
}

type Plain<O> = O extends unknown ? Omit<O, 'ch' | 'later'> : never;

const queue = fc.constantFrom(...QUEUES);

const step = <D extends Op['do'], F>(weight: number, name: D, fields: F) => ({ weight, name, fields });

const STEPS = [
  step(6, 'publish', { to: fc.constantFrom('a', 'b', 'both'), count: fc.integer({ min: 1, max: 3 }) }),
  step(3, 'consume', { queue, prefetch: fc.nat(3), noAck: fc.integer({ min: 0, max: 3 }).map((n) => n === 3) }),
  step(1, 'cancel', { pick: fc.nat(3) }),
  step(2, 'get', { queue, noAck: fc.boolean() }),
  step(5, 'settle', {
    pick: fc.nat(5),
    multiple: fc.boolean(),
    how: fc.constantFrom('acked', 'requeued', 'requeued', 'rejected'),
  }),
  step(1, 'close', {}),
  step(2, 'wait', {}),
  step(2, 'kill', { slices: fc.nat(12) }),
];

/** The steps that may be drawn, without their channel. */
function stepsOf({ steps, channelKills }: Allowed): fc.Arbitrary<Plain<Op>> {
  const isWanted = (name: Op['do']) =>
    name === 'kill' ? channelKills === true : steps === undefined || steps.includes(name);
  const wanted = STEPS.filter(({ name }) => isWanted(name)).map(({ weight, name, fields }) => ({
    weight,
    arbitrary: fc.record({ do: fc.constant(name), ...fields }) as unknown as fc.Arbitrary<Plain<Op>>,
  }));
  return fc.oneof(...wanted);
}

/** Programs of a few clients on two queues; they shrink to fewer clients, fewer steps and fewer kills. */
export function programs(allowed: Allowed): fc.Arbitrary<BrokerProgram> {
  const op = fc
    .tuple(stepsOf(allowed), fc.nat(1), fc.boolean())
    .map(([plain, ch, later]) => ({ ...plain, ch, later }) as Op);
  const confirms = allowed.confirms === true ? fc.constant(true) : fc.boolean();
  const channel = fc.record({ confirms, shared: fc.constantFrom(0, 0, 1, 2) });
  const client = fc.record({
    channels: fc.array(channel, { minLength: 1, maxLength: 2 }),
    ops: fc.array(op, { maxLength: allowed.ops }),
  });
  return fc.record({
    clients: fc.array(client, { minLength: 1, maxLength: allowed.clients }),
    queueKills: fc.array(fc.record({ queue, slices: fc.nat(150) }), {
      minLength: Math.min(1, allowed.queueKills ?? 0),
      maxLength: allowed.queueKills ?? 0,
    }),
  });
}
