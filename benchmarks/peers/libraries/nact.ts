// Question: how fast is nact, an actor library with supervision in the manner of Akka?

import { dispatch, query, type Ref, spawn, start, stop } from 'nact';
import type { Actor, ActorLibrary } from './library.ts';

const ANSWER_MS = 60_000;

interface NactActor extends Actor {
  readonly ref: Ref<unknown>;
}

/** nact, with one system for all actors of a case. */
export function nact(): ActorLibrary {
  const system = start();
  let lastName = 0;
  // With a name of ours: nact's own are random numbers, which collide among a hundred thousand.
  const name = () => `actor-${++lastName}`;
  return {
    spawn(handle): NactActor {
      const ref = spawn(
        system,
        (_state: null, message: unknown) => void handle(message) as never,
        name(),
      ) as Ref<unknown>;
      return { ref, send: (message) => dispatch(ref, message) };
    },
    end: (actor) => stop((actor as NactActor).ref as never),
    server() {
      const serve = (_state: null, { from }: { from: Ref<'pong'> }) => void dispatch(from, 'pong') as never;
      const ref = spawn(system, serve, name()) as Ref<{ from: Ref<'pong'> }>;
      return () => query(ref, (from: Ref<'pong'>) => ({ from }), ANSWER_MS);
    },
  };
}
