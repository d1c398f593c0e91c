// The bounds of everything that crosses between schedulers (DESIGN decisions 5 and 16), with their defaults.

/** Bytes of one ring; a power of two. Small enough to stay in a core's cache, large enough for a slice's batch. */
export const RING_BYTES = 262_144;

/** A record above this share of its ring goes beside it, behind a marker. */
export const OVERSIZE_SHARE = 1 / 4;

/** Oversize records that may be under way beside one ring. */
export const OVERSIZE_IN_FLIGHT = 8;

/** Bytes waiting for one full ring above which the processes that fill it are held. */
export const OUTBOX_BYTES_MAX = 4 * 1024 * 1024;

/** Bytes taken from one ring in one go, so that a flood cannot shut out timers and slices. */
export const POLL_BYTES = 32_768;

/** Nodes of one link's tree of object shapes; when it is full both sides start again. */
export const SHAPE_NODES_MAX = 4096;

/** An object with more keys is a dictionary: its keys travel with it. */
export const SHAPE_KEYS_MAX = 32;

/** Bytes in shared memory up to this length are copied, as the BEAM does with its small binaries. */
export const SHARED_BYTES_MIN = 65;

/** Stretches of shared memory that one direction of a link remembers, in number and in bytes. */
export const SHARED_BUFFERS_MAX = 64;
export const SHARED_BUFFERS_BYTES_MAX = 64 * 1024 * 1024;

/** Deepest nesting of a term; a cycle ends here as well. The same as in `sealTerm`. */
export const DEPTH_MAX = 1000;

/** Entries of one intern table before the first sweep of dead ones. */
export const SWEEP_AT = 1024;
