// What crosses between schedulers, as pure code: the codec of terms and signals, rings and outboxes, names on many
// threads, and the death of a thread. The threads engine joins sides over shared memory, the simulator over ordinary.
//
//   const side = new ControlSide({ own, limits: { ringBytes: RING_BYTES, outboxBytesMax: OUTBOX_BYTES_MAX }, ... });
//   const scheduler = new Scheduler({ ...engine, outlink: side.mesh, names: side.names });
//   side.attach(scheduler);
export { ByteArea } from './byte-area.ts';
export { Identities } from './identities.ts';
export * from './limits.ts';
export type { Carrier, LinkLimits, Notice } from './link.ts';
export { Link } from './link.ts';
export { Mesh } from './mesh.ts';
export { Outbox } from './outbox.ts';
export { RingReader, RingWriter, ringSize } from './ring.ts';
export { ControlSide, DataSide, type Resident, type SideOptions } from './side.ts';
export { decodeTerm, encodeTerm } from './term-bytes.ts';
export { TermDecoder } from './term-decoder.ts';
export { TermEncoder } from './term-encoder.ts';
export { reasonsOf, type ThreadDeath } from './thread-down.ts';
