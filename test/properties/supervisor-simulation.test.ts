// The supervisor and its model again, under any schedule. A step leaves time to come to rest. When two children are killed
// at once the supervisor may hear of it in several ways; what happens must be one of those that the model knows.
import { describe, expect, it } from 'vitest';
import { catches, holds, tells } from './check.ts';
import { property } from './kernel/supervisor-simulation.ts';
import { losing } from './planted.ts';

describe('supervisor trees under any schedule', () => {
  it('SUP-1...8, SUP-11, SUP-12 do what the model says, step by step', () => holds(property(), 300));

  it('SUP-2 restForOne that leaves the others alone is noticed', () => {
    const planted = property((flags) => ({
      ...flags,
      strategy: flags.strategy === 'restForOne' ? 'oneForOne' : flags.strategy,
    }));
    expect(tells(property(), planted).deviations).toBe(0);
  });

  it('SUP-5 an intensity that is off by one is noticed', () => {
    const planted = property((flags) => ({ ...flags, intensity: flags.intensity + 1 }));
    expect(tells(property(), planted).deviations).toBe(0);
  });

  it('SUP-12 a significant child that counts for nothing is noticed', () => {
    const planted = property((flags) => ({
      ...flags,
      autoShutdown: flags.autoShutdown === 'anySignificant' ? 'allSignificant' : flags.autoShutdown,
    }));
    expect(tells(property(), planted).deviations).toBe(0);
  });

  it('SUP-1 a death that is not noticed is noticed here', () => {
    expect(catches(property(), losing('linkExit', 3)).deviations).toBeLessThanOrEqual(2);
  });
});
