// Function bodies in requests to a supervisor: they work on the same thread and say what to do on another.
import { expect, it } from 'vitest';
import { checkSpec, genServer, ok } from '../../src/behaviours/index.ts';
import { packSpec, unpackSpec } from '../../src/behaviours/local-body.ts';
import { context as currentContext } from '../../src/process/index.ts';
import { Ref, sealTerm } from '../../src/term/index.ts';
import { play } from '../support/virtual-engine.ts';

const body = genServer({ init: () => ok(0) });

it('a packed spec is a term, and unpacks to the same body on the same thread', () => {
  play(function* () {
    const context = yield* currentContext();
    const packed = packSpec(context, { id: 'a', start: { body } });
    expect(() => sealTerm(packed)).not.toThrow();
    expect(unpackSpec(packed).start.body).toBe(body);
  });
});

it('section 0-5 on another thread the spec is refused, and the error says to name the body', () => {
  play(function* () {
    const context = yield* currentContext();
    const packed = packSpec(context, { id: 'a', start: { body } });
    const sent = packed.start.body as Ref;
    // What a decoder makes of the ref elsewhere: the same names, nothing behind it.
    const arrived = { ...packed, start: { ...packed.start, body: new Ref(sent.origin, sent.serial) } };
    const checked = checkSpec(unpackSpec(arrived), 'never');
    expect(checked).toMatchObject({ ok: false, error: { tag: 'badStart' } });
    expect(!checked.ok && checked.error.value).toMatch(/name the body as \{ module, export \}/);
  });
});

it('an Mfa needs no packing', () => {
  play(function* () {
    const context = yield* currentContext();
    const spec = { id: 'a', start: { body: { module: 'virtual:test', export: 'x' } } };
    expect(packSpec(context, spec)).toBe(spec);
  });
});
