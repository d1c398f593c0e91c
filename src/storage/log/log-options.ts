// What can be set about a log, with its defaults.
import type { Durability } from './group-commit.ts';

export interface LogOptions {
  /** Below the disk's own directory. Default `log`. */
  readonly directory?: string;
  /** A segment is sealed at this length. Default 33,554,432. */
  readonly segmentBytes?: number;
  /** Default `sync`. */
  readonly durability?: Durability;
  /** Default 0. */
  readonly logId?: number;
  /** Zeros that are written ahead, so that most syncs have no new length to write down. Default 262,144; 0 for none. */
  readonly aheadBytes?: number;
  /** Memory for the indexes of sealed segments. Default 33,554,432. */
  readonly indexBytesMax?: number;
}

export const LOG_DEFAULTS = {
  directory: 'log',
  segmentBytes: 33_554_432,
  durability: 'sync',
  logId: 0,
  aheadBytes: 262_144,
  indexBytesMax: 33_554_432,
};
