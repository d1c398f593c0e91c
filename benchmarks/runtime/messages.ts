// Question: how many messages a second do processes on one thread exchange, in the shapes that programs have?

import { type Context, type Handler, type Pid, receive } from '../../src/index.ts';
import type { BenchCase } from '../harness.ts';
import { drain, inSystem, repeat } from './support.ts';

type Any = Pid<unknown>;

/** Sends each ping back to its sender. */
const echo: Handler<null, Any, []> = {
  init: () => null,
  handle: (state, from, context) => {
    context.send(from, context.self);
    return state;
  },
};

interface Pinger {
  left: number;
  readonly echo: Any;
  readonly owner: Any;
}

/** On a number, plays that many round trips, then tells its owner. */
const pinger: Handler<Pinger, unknown, [Any, Any]> = {
  init: (_context, echoPid, owner) => ({ left: 0, echo: echoPid, owner }),
  handle: (state, message, context) => {
    if (typeof message === 'number') state.left = message;
    else state.left--;
    if (state.left > 0) context.send(state.echo, context.self);
    else context.send(state.owner, 'done');
    return state;
  },
};

const pingPong: BenchCase = {
  name: 'ping-pong',
  question: 'round trips between two processes',
  unit: 'round trips/s',
  peer: 'ping-pong',
  run: () =>
    inSystem(function* (context) {
      const pid = context.spawn(pinger, [context.spawn(echo, []) as Any, context.self]);
      return yield* repeat(1_000, function* () {
        context.send(pid, 1_000);
        yield* receive();
      });
    }),
};

/** Counts messages and tells its owner after every thousand. */
const sink: Handler<{ seen: number; owner: Any }, unknown, [Any]> = {
  init: (_context, owner) => ({ seen: 0, owner }),
  handle: (state, _message, context) => {
    if (++state.seen % 1_000 === 0) context.send(state.owner, 'window');
    return state;
  },
};

/** Sends a thousand messages to the sink whenever it hears of a window; tells its owner after every hundred. */
const source: Handler<{ sink: Any; owner: Any; windows: number }, unknown, [Any, Any]> = {
  init: (_context, sinkPid, owner) => ({ sink: sinkPid, owner, windows: 0 }),
  handle: (state, _message, context) => {
    for (let index = 0; index < 1_000; index++) context.send(state.sink, index);
    if (++state.windows % 100 === 0) context.send(state.owner, 'hundred');
    return state;
  },
};

const oneWay: BenchCase = {
  name: 'one-way',
  question: 'messages from one process to another, window 2 x 1000',
  unit: 'msgs/s',
  peer: 'one-way',
  run: () =>
    inSystem(function* (context) {
      // The source needs the sink and the sink the source: a go-between knows both.
      const relay: Handler<{ to: Any | null }, unknown, []> = {
        init: () => ({ to: null }),
        handle: (state, message, inner) => {
          if (state.to === null) state.to = message as Any;
          else inner.send(state.to, message);
          return state;
        },
      };
      const between = context.spawn(relay, []) as Any;
      const sinkPid = context.spawn(sink, [between]) as Any;
      const sourcePid = context.spawn(source, [sinkPid, context.self]) as Any;
      context.send(between, sourcePid);
      context.send(sourcePid, 'go');
      context.send(sourcePid, 'go');
      return yield* repeat(100_000, () => drain(1));
    }),
};

interface Member {
  next: Any | null;
}

/** Passes a hop on with one less to go; the last one answers the owner. */
const ringMember: Handler<Member, unknown, [Any | null]> = {
  init: (_context, next) => ({ next }),
  handle: (state, message, context) => {
    if (typeof message === 'object') {
      const hop = message as { left: number; owner: Any };
      if (state.next === null) return state;
      if (hop.left === 0) context.send(hop.owner, 'hopped');
      else context.send(state.next, { left: hop.left - 1, owner: hop.owner });
    }
    return state;
  },
};

const closing: Handler<Member, unknown, []> = {
  init: () => ({ next: null }),
  handle: (state, message, context) => {
    if (state.next === null) state.next = message as Any;
    else ringMember.handle(state, message, context);
    return state;
  },
};

const ring: BenchCase = {
  name: 'ring',
  question: 'hops around a ring of 1000 processes',
  unit: 'hops/s',
  peer: 'ring',
  run: () =>
    inSystem(function* (context) {
      const first = context.spawn(closing, []) as Any;
      let next = first;
      for (let index = 1; index < 1_000; index++) next = context.spawn(ringMember, [next]) as Any;
      context.send(first, next);
      return yield* repeat(10_000, function* () {
        context.send(first, { left: 10_000, owner: context.self });
        yield* receive();
      });
    }),
};

const fanInSender: Handler<Any, number, [Any]> = {
  init: (_context, to) => to,
  handle: (to, count, context) => {
    for (let index = 0; index < count; index++) context.send(to, index);
    return to;
  },
};

/** Tells its owner once a number of messages has come. */
const counter: Handler<{ seen: number; every: number; owner: Any }, unknown, [Any, number]> = {
  init: (_context, owner, every) => ({ seen: 0, every, owner }),
  handle: (state, _message, context) => {
    if (++state.seen % state.every === 0) context.send(state.owner, 'counted');
    return state;
  },
};

const fanIn: BenchCase = {
  name: 'fan-in',
  question: 'messages from 1000 processes to one',
  unit: 'msgs/s',
  peer: 'fan-in',
  run: () =>
    inSystem(function* (context) {
      const to = context.spawn(counter, [context.self, 10_000]) as Any;
      const senders = Array.from({ length: 1_000 }, () => context.spawn(fanInSender, [to]));
      return yield* repeat(10_000, function* () {
        for (const sender of senders) context.send(sender, 10);
        yield* receive();
      });
    }),
};

const fanOut: BenchCase = {
  name: 'fan-out',
  question: 'messages from one process to 1000',
  unit: 'msgs/s',
  peer: 'fan-out',
  run: () =>
    inSystem(function* (context: Context<unknown>) {
      const collector = context.spawn(counter, [context.self, 1_000]) as Any;
      const receivers = Array.from({ length: 1_000 }, () => context.spawn(counter, [collector, 10]) as Any);
      return yield* repeat(10_000, function* () {
        for (let round = 0; round < 10; round++) for (const receiver of receivers) context.send(receiver, round);
        yield* receive();
      });
    }),
};

export const messageCases: readonly BenchCase[] = [pingPong, oneWay, ring, fanIn, fanOut];
