// docs/conformance.md is what the rows say, every row names tests that exist, and nothing that the code knows of AMQP is
// without a row.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { METHODS } from '../../src/protocols/amqp091/codec/method-table.ts';
import { CLIENT_METHODS, SERVER_METHODS } from './methods.ts';
import { pageOf } from './page.ts';
import type { Proof } from './row.ts';
import { GROUPS } from './rows.ts';

const root = join(import.meta.dirname, '../..');
const rows = GROUPS.flatMap((group) => group.rows);
const names = rows.map((row) => row.name);

/** Titles of the tests of a file: the first string of `it(...)`, `test(...)` and of what `each(...)` gives. */
function titlesIn(text: string): ReadonlySet<string> {
  const heads = /(?:\b(?:it|test)(?:\.\w+)*|\))\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`([^`]*)`)/g;
  return new Set([...text.matchAll(heads)].map(([, one, two, three]) => (one ?? two ?? three).replace(/\\(.)/g, '$1')));
}

const titles = new Map<string, ReadonlySet<string>>();
function exists({ file, title }: Proof): boolean {
  const path = join(root, 'test', `${file}.test.ts`);
  if (!existsSync(path)) return false;
  const known = titles.get(file) ?? titlesIn(readFileSync(path, 'utf8'));
  titles.set(file, known);
  return known.has(title);
}

describe('the rows', () => {
  it('name tests that exist', () => {
    const unproven = rows.flatMap(({ proofs }) => proofs.filter((proof) => !exists(proof)));
    expect(unproven).toEqual([]);
  });

  it('have a proof each, or a reason where there is nothing to prove', () => {
    const bare = rows.filter(({ status, proofs, note = '' }) =>
      status === 'absent' ? note.length < 20 : proofs.length === 0 || (status === 'more' && note === ''),
    );
    expect(bare.map(({ name }) => name)).toEqual([]);
  });

  it('are there once in their group', () => {
    for (const group of GROUPS) {
      const own = group.rows.map(({ name }) => name);
      expect(own.filter((name, index) => own.indexOf(name) !== index)).toEqual([]);
    }
  });
});

describe('what the code knows has a row', () => {
  /** Who sends a method; both where neither answers the other alone. */
  const senders = (name: string): readonly (typeof CLIENT_METHODS)[] => {
    const both = /^(?:connection|channel)\.close|^channel\.flow|^basic\.(?:cancel|ack|nack)/;
    if (both.test(name)) return [CLIENT_METHODS, SERVER_METHODS];
    const fromServer = /^connection\.(?:start|secure|tune|blocked|unblocked)$|^basic\.(?:return|deliver|get-\w+)$/;
    const toServer = /^connection\.(?:start|secure|tune)-ok$/;
    return [fromServer.test(name) || (name.endsWith('-ok') && !toServer.test(name)) ? SERVER_METHODS : CLIENT_METHODS];
  };

  it.each(Object.keys(METHODS))('%s', (method) => {
    for (const group of senders(method)) {
      expect(
        group.rows.map(({ name }) => name),
        group.title,
      ).toContain(method);
    }
  });

  it('each flag of a method', () => {
    const flags = Object.entries(METHODS).flatMap(([method, [, , args]]) =>
      Object.entries(args).flatMap(([argument, kind]) => (kind === 'bit' ? [`${method} ${argument}`] : [])),
    );
    // What a ticket is asked for means nothing, reserved bits even less, and answers repeat what was asked.
    const without = /^access|reserved|^basic\.get-ok|-ok /;
    expect(flags.filter((flag) => !without.test(flag) && !names.includes(flag))).toEqual([]);
  });
});

describe('docs/conformance.md', () => {
  it('is what the rows generate', async () => {
    await expect(pageOf(GROUPS)).toMatchFileSnapshot('../../docs/conformance.md');
  });
});
