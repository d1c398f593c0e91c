// Question: how fast are XState's actors, of the kind that takes and sends messages?

import { type AnyActorRef, createActor, fromCallback } from 'xstate';
import type { Actor, ActorLibrary } from './library.ts';

interface XstateActor extends Actor {
  readonly ref: AnyActorRef;
}

interface Envelope {
  readonly type: 'message';
  readonly message: unknown;
}

/** XState; its actors are tasks of their own, without a parent. */
export function xstate(): ActorLibrary {
  return {
    spawn(handle): XstateActor {
      const logic = fromCallback<Envelope>(({ receive }) => receive(({ message }) => handle(message)));
      const ref = createActor(logic).start();
      return { ref, send: (message) => ref.send({ type: 'message', message }) };
    },
    end: (actor) => void (actor as XstateActor).ref.stop(),
  };
}
