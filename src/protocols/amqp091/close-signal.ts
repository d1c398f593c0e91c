// How a method says that it fails: by throwing a CloseSignal. Soft ones close the channel, hard ones the connection; any
// other exception is a crash of the channel.
import type { BrokerError } from '../../broker/index.ts';
import { CodecError, type Method, methodIds } from './codec/index.ts';

export class CloseSignal extends Error {
  readonly scope: 'channel' | 'connection';
  readonly code: number;
  readonly text: string;
  private readonly hasMethod: boolean;

  constructor(error: BrokerError, hasMethod = true) {
    super(error.text);
    this.scope = error.scope;
    this.code = error.code;
    this.text = error.text;
    this.hasMethod = hasMethod;
  }

  /** Class and method id of the close: those of the method that failed. */
  idsFor(method: Method | null): { readonly classId: number; readonly methodId: number } {
    return method === null || !this.hasMethod ? { classId: 0, methodId: 0 } : methodIds(method.name);
  }
}

/** The signal in a caught value; throws on what is none. */
export function closeSignalOf(error: unknown): CloseSignal {
  if (error instanceof CloseSignal) return error;
  if (error instanceof CodecError) {
    return new CloseSignal({ scope: error.isSoft ? 'channel' : 'connection', code: error.code, text: error.message });
  }
  throw error;
}

/** Ends the method with a soft error. */
export function closeChannel(code: number, text: string): never {
  throw new CloseSignal({ scope: 'channel', code, text });
}

/** Ends the method with a hard error. */
export function closeConnection(code: number, text: string): never {
  throw new CloseSignal({ scope: 'connection', code, text });
}
