// The AMQP 0-9-1 codec: bytes to commands and back, pure (no clock, no I/O, no imports from outside).
//
//   const reader = new FrameReader();
//   const writer = new FrameWriter();
//   socket.on('data', (chunk) => {
//     reader.push(chunk, {
//       onProtocolHeader: (isAccepted) => isAccepted || writer.writeProtocolHeader(),
//       onCommand(channel, method, content) {
//         if (method.name === 'connection.tune-ok') reader.frameMax = writer.frameMax = method.frameMax;
//         if (method.name === 'basic.publish' && content !== null) {
//           const { deliveryMode } = peekProperties(content.bytes, 0, content.propertiesEnd);
//           console.log(method.routingKey, deliveryMode, bodyOf(content).length);
//           writer.writeDeliver(channel, 'tag', 1, false, method.exchange, method.routingKey, content);
//         }
//       },
//       onError: (_, error) => console.log(error.code, error.replyText),
//     });
//     const bytes = writer.take();
//     if (bytes !== null) socket.write(bytes);
//   });
export { CodecError } from './codec-error.ts';
export { bodyOf, type Content, makeContent, NO_PROPERTIES } from './content.ts';
export { checkTable } from './field-check.ts';
export { decodeTable, encodeTable } from './field-table.ts';
export { type Decimal, type FieldTable, type FieldType, type FieldValue, VOID } from './field-value.ts';
export { FrameReader, type FrameReaderOptions } from './frame-reader.ts';
export type { FrameSink } from './frame-sink.ts';
export { FrameWriter, type FrameWriterOptions } from './frame-writer.ts';
export * from './limits.ts';
export type { ContentMethod, Method, MethodName, MethodOf } from './method-table.ts';
export { carriesContent, decodeMethod, encodeMethod, type MethodIds, methodIds } from './methods.ts';
export { decodeProperties, encodeProperties, type Properties } from './properties.ts';
export { type PropertySummary, peekProperties } from './property-peek.ts';
export { type PropertyChanges, rewriteProperties } from './property-rewrite.ts';
export { type ReplyCode, type ReplyKind, replyKind, replyName, replyText } from './reply-codes.ts';
