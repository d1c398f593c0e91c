// Question: what has an actor library to offer so that the same work can be put on it? An actor with a mailbox; some also
// answer questions.

/** Something that takes messages. */
export interface Actor {
  send(message: unknown): void;
}

/** An actor library behind the few calls that the cases make. */
export interface ActorLibrary {
  /** An actor that does this with each message. */
  spawn(handle: (message: unknown) => void): Actor;
  /** Ends an actor. */
  end(actor: Actor): void;
  /** An actor that answers every question, and how to ask; missing where the library has no questions. */
  readonly server?: () => () => Promise<unknown>;
}
