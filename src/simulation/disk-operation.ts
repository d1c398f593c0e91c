// The operations of a simulated disk as data, and what can go wrong with each (reliability.md 2.a).

export type DiskOperationKind =
  | 'open'
  | 'list'
  | 'makeDirectory'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'freeBytes'
  | 'write'
  | 'read'
  | 'sync'
  | 'truncate'
  | 'size'
  | 'close';

/** One operation that was asked for. */
export interface DiskOperation {
  /** Counts the operations of a disk from 1. */
  readonly number: number;
  readonly kind: DiskOperationKind;
  readonly path: string;
}

/** What goes wrong with an operation. */
export type DiskFault =
  /** It fails. Of a write the first `writtenBytes` are written all the same, default none; what a sync covers is never written. */
  | { readonly tag: 'fail'; readonly code: string; readonly text?: string; readonly writtenBytes?: number }
  /** One bit of what is read is wrong, counted from the first one read. */
  | { readonly tag: 'flip'; readonly bit: number }
  /** What is read is from another place of the file, so many bytes further. */
  | { readonly tag: 'astray'; readonly byBytes: number }
  /** A sync of a file or a directory says that it is done and does nothing. */
  | { readonly tag: 'lie' };
