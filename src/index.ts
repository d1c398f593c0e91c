// The front door of Warren's runtime: systems, processes and behaviours.
//
//   import { receive, startSystem } from 'warren';
//   await using system = await startSystem();
//   const text = await system.run(function* (context) {
//     context.send(context.self, 'hello');
//     return yield* receive<string>();
//   });
export * from './behaviours/index.ts';
export * from './process/index.ts';
export * from './start.ts';
export * from './system/index.ts';
export * from './term/index.ts';
