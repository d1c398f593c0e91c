// The entry point `warren/testing`.
export * from './testing/index.ts';
