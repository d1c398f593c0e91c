// One process and the rules it lives by; see context.ts for what a body can do and effects.ts for what it can wait for.
//
//   function* echo(context: Context<{ from: Pid<string>; text: string }>) {
//     for (;;) {
//       const { from, text } = yield* receive<{ from: Pid<string>; text: string }>();
//       context.send(from, text);
//     }
//   }
export * from './context.ts';
export * from './continuation.ts';
export * from './effects.ts';
export * from './exit-rules.ts';
export * as flags from './flags.ts';
export * from './hot-code.ts';
export * from './kernel.ts';
export * from './links.ts';
export * from './mailbox.ts';
export * from './messages.ts';
export * from './monitors.ts';
export * from './process.ts';
export * from './report.ts';
export * from './running.ts';
export * from './signal.ts';
export * from './suspension.ts';
