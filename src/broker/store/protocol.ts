// What the broker's log, its agents on the data threads and the metadata tell each other (DESIGN decision 15). The log
// lives on the control thread; one agent per data thread carries what that thread's queues have written in a step, as one
// batch, and brings back what is safe and what was asked for.
import type { CallMessage, Request, ServerPid } from '../../behaviours/index.ts';
import type { DownMessage } from '../../process/index.ts';
import type { LoadedPage, Opened, PageLimit } from '../../storage/index.ts';
import type { Pid } from '../../term/index.ts';

export const LOG_NAME = 'broker.log';

/** What the log tells those who write. */
export type FromLog =
  /** Everything up to that batch of theirs is safe. */
  | { readonly tag: 'safe'; readonly batch: number }
  /** Nothing will be safe any more: a write or a sync failed. */
  | { readonly tag: 'logFailed' }
  /** There is no room on the disk, or there is again: what is not safe yet may take long. */
  | { readonly tag: 'logFull'; readonly isFull: boolean }
  | { readonly tag: 'page'; readonly readId: number; readonly page: LoadedPage };

export type LogCall =
  /**
   * The agent of a thread begins. Answered when its predecessor is known dead, with the last batch that came from the
   * thread in this life of its; 0 for a new one.
   */
  | Request<{ readonly tag: 'join'; readonly agent: Pid<FromLog>; readonly thread: string }, number>
  /** A queue's store opens rows of the log. Answered when nobody else can still be writing to them. */
  | Request<
      { readonly tag: 'openRows'; readonly agent: Pid<FromLog>; readonly rows: readonly number[] },
      readonly (Opened | null)[]
    >
  /** All rows that the log has. */
  | Request<{ readonly tag: 'rows' }, readonly number[]>
  | Request<
      { readonly tag: 'page'; readonly row: number; readonly from: number; readonly limit: PageLimit },
      LoadedPage
    >;

export type LogMessage =
  | CallMessage<LogCall>
  | {
      readonly tag: 'append';
      readonly from: Pid<FromLog>;
      readonly batch: number;
      readonly bytes: Uint8Array;
      /** Nobody has to be told soon: it may be written a few milliseconds later, with others. */
      readonly isAwaited: boolean;
    }
  | {
      readonly tag: 'read';
      readonly from: Pid<FromLog>;
      readonly readId: number;
      readonly row: number;
      readonly sequence: number;
      readonly limit: PageLimit;
    }
  /** An operation on the disk has ended; made and handled on one thread. */
  | { readonly tag: 'diskTurn'; readonly run: () => void }
  | DownMessage;

export type LogPid = ServerPid<LogCall, never, LogMessage>;
