// The conformance suite on the single-thread engine. Each case has a system of its own, which must be empty afterwards
// and stop without a leak.
import { type Context, startSystem } from '../../src/index.ts';
import { CheckError } from './check.ts';
import { conformance } from './engine-under-test.ts';
import { HERE } from './plan.ts';
import { type CaseReport, runCase } from './run-case.ts';

conformance({
  name: 'single-thread',
  open: async () => {},
  close: async () => {},
  variants: [
    {
      name: 'one scheduler on the host',
      async run({ title }): Promise<CaseReport> {
        const system = await startSystem({ logger: 'silent', strict: true });
        try {
          const report = await system.run((context: Context<unknown>) => runCase(context, title, HERE));
          const { processes } = system.engine.scheduler;
          // The root and nothing else.
          if (processes.size !== 1) throw new CheckError(`the case has left ${processes.size - 1} processes`);
          return report;
        } finally {
          await system.stop();
        }
      },
    },
  ],
});
