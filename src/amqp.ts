// AMQP 0-9-1 for those who build on it: the entry point `warren/amqp`. The codec is pure and usable by itself.
//
//   const reader = new FrameReader();
//   reader.push(chunk, { onProtocolHeader, onCommand, onError });
export * from './protocols/amqp091/codec/index.ts';
export { amqp091Format, formatChild, type ListenerOptions, listenerChild } from './protocols/amqp091/index.ts';
