// Two data threads of the built package: a process on each, spoken to from the calling thread.
import { receive, startSystem } from 'warren';

const system = await startSystem({ threads: 2 });
const answers = await system.run(function* (context) {
  const all = [];
  for (const thread of system.engine.threads) {
    const pid = context.spawn({ module: new URL('./echo.mjs', import.meta.url).href, export: 'echo' }, [], {
      placement: { thread },
    });
    context.send(pid, { from: context.self, text: `to ${thread}` });
    all.push(yield* receive());
  }
  return all;
});
await system.stop();
console.log(JSON.stringify({ version: process.version, threads: system.engine.threads, answers }));
