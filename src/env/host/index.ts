// The real outside world. Imported by threads, by the default wiring of system, and by the command.
export * from './clock.ts';
export * from './data-dir.ts';
export * from './disk.ts';
export * from './heap.ts';
export * from './loader.ts';
export * from './logger.ts';
export * from './memory.ts';
export * from './metrics.ts';
export * from './net.ts';
export * from './no-disk.ts';
export * from './offload.ts';
export * from './parent.ts';
export { readTlsFiles, TlsFileError } from './tls-files.ts';
