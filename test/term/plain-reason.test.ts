// Any value becomes a reason that is data, and any reason becomes a line (EXI-1, section 0-6).
import { describe, expect, it } from 'vitest';
import { formatReason, Pid, plainReason, Ref } from '../../src/term/index.ts';

const origin = { node: 'n', thread: 1, incarnation: 2 };

describe('plainReason', () => {
  it('gives a term back as it is, down to its identity', () => {
    const terms = [
      'normal',
      7,
      null,
      undefined,
      { tag: 'x', list: [1, new Map([['k', new Set([2])]])] },
      new Uint8Array(2),
    ];
    for (const term of [...terms, { pid: new Pid(origin, 3), ref: new Ref(origin, 4) }]) {
      expect(plainReason(term)).toBe(term);
    }
  });

  it('replaces only what is no term', () => {
    const bad = { tag: 'call', request: { run: () => 1, symbol: Symbol('s'), when: new Date(0) }, [Symbol('k')]: 1 };
    expect(plainReason(bad)).toEqual({
      tag: 'call',
      request: { run: '[the function run]', symbol: '[the symbol Symbol(s)]', when: '[an instance of Date]' },
    });
    expect(plainReason([new Map([[() => 1, new Set([Symbol('x')])]])])).toEqual([
      new Map([['[a function]', new Set(['[the symbol Symbol(x)]'])]]),
    ]);
  });

  it('keeps a key named like the prototype a key', () => {
    const odd = JSON.parse('{"tag":"x","__proto__":{"y":1}}') as Record<string, unknown>;
    odd.run = function run() {};
    expect(Object.getPrototypeOf(plainReason(odd))).toBe(Object.prototype);
    expect(JSON.stringify(plainReason(odd))).toBe('{"tag":"x","__proto__":{"y":1},"run":"[the function run]"}');
  });

  it('ends at cycles, depths and webs', () => {
    let web: unknown = 'end';
    for (let level = 0; level < 60; level++) web = [web, web];
    expect(plainReason(web)).toBe(web);
    expect(formatReason(web)).toBe('an array');
    let deep: unknown = [];
    for (let level = 0; level < 5_000; level++) deep = [deep];
    expect(JSON.stringify(plainReason(deep))).toContain('nested deeper than 1,000 levels');
    const round: { self?: unknown } = {};
    round.self = round;
    expect(plainReason(round)).toEqual({ self: '[a cycle or a structure nested deeper than 1,000 levels]' });
  });
});

describe('formatReason', () => {
  it('shows pids and refs inside a reason by their text', () => {
    const pid = new Pid(origin, 3);
    pid.target = { self: pid };
    const reason = { tag: 'call', reason: 'timeout', server: pid, ref: new Ref(origin, 4) };
    expect(formatReason(reason)).toBe('{"tag":"call","reason":"timeout","server":"<1.2.3>","ref":"#Ref<1.2.4>"}');
  });
});
