// Who is told what a reader found. The calls come in the order of the bytes, during `push`, so that a connection can
// gather the commands of one chunk per channel and hand each channel one batch.
import type { CodecError } from './codec-error.ts';
import type { Content } from './content.ts';
import type { Method } from './method-table.ts';

/** The receiver of a reader's findings. It may set the reader's `frameMax` or `stop` it inside any call. */
export interface FrameSink {
  /** The first 8 bytes were a protocol header that is taken (`connection.start` is due) or not (nothing follows). */
  onProtocolHeader(isAccepted: boolean): void;
  /** A method, with its content if it carries one. On channel 0 contents are not awaited: `content` is null. */
  onCommand(channel: number, method: Method, content: Content | null): void;
  /** A breach; the content under way on that channel is dropped. `error.isSoft`: only the channel is to be closed. */
  onError(channel: number, error: CodecError): void;
}
