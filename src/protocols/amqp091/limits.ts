// The named bounds of a connection, with RabbitMQ's defaults where clients can see them (digest 1 and 3).

/** What tune proposes; the client may only go down (digest 1.5). */
export const CHANNEL_MAX = 2047;
export const FRAME_MAX = 131_072;
/** The largest frame of a client that has not tuned; RabbitMQ 4's. */
export const FRAME_MAX_BEFORE_TUNE = 8_192;
export const FRAME_MIN = 4096;
export const HEARTBEAT_S = 60;
/** The whole handshake, from accept to open-ok. */
export const HANDSHAKE_MS = 10_000;
/** How long the client may take to answer connection.close, at most (digest 3). */
export const CLOSE_OK_MS = 30_000;
/** How long a stopping broker waits for the client's close-ok. */
export const SHUTDOWN_CLOSE_OK_MS = 1_000;
/** Bytes read from the socket that channels have not consumed yet; beyond it reading pauses (DESIGN decision 16). */
export const UNCONSUMED_BYTES_MAX = 1_048_576;
/** Chunks that may come before a connection has taken them, so many and of so many bytes together (DESIGN decision 9). */
export const READ_AHEAD_CHUNKS_MAX = 16;
export const READ_AHEAD_BYTES = 1_048_576;
/** Chunks that all connections of a thread that read at the same time may have ahead, beside one each. */
export const READ_AHEAD_THREAD_CHUNKS = 32;
/** Connections that have read something within so long read at the same time. */
export const READERS_MS = 10;
/** Commands in chunks read ahead: so many in one slice are worth a write of their own. */
export const READ_AHEAD_COMMANDS = 512;
/** Deliveries handed to the connection and not yet written, per channel: the window of consumers without prefetch. */
export const DELIVERY_WINDOW = 1_000;
/** How long a delivery may stay unacknowledged before its channel is closed; RabbitMQ's default. */
export const CONSUMER_TIMEOUT_MS = 1_800_000;
/** Bytes that wait in the writer before they go to the socket within a slice. */
export const FLUSH_BYTES = 262_144;
/** How often a connection that waits for alarms to end looks whether they have. */
export const ALARM_LOOK_MS = 100;
/** Messages of one channel that queues have not taken yet; beyond it the channel keeps its connection's credit. */
export const UNTAKEN_MESSAGES_MAX = 10_000;
/** The same in bytes of bodies, counted once per queue. */
export const UNTAKEN_BYTES_MAX = 8_388_608;
