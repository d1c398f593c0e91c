// docs/conformance.md is what the rows say, every row names tests that exist, and nothing that the code knows of AMQP is
// without a row.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXCHANGE_TYPES } from '../../src/broker/exchange/exchange.ts';
import { type FieldValue, TYPE_LETTERS } from '../../src/protocols/amqp091/codec/field-value.ts';
import { METHODS } from '../../src/protocols/amqp091/codec/method-table.ts';
import { PROPERTY_LIST } from '../../src/protocols/amqp091/codec/properties.ts';
import { serverProperties } from '../../src/protocols/amqp091/server-properties.ts';
import { CLIENT_METHODS, SERVER_METHODS } from './methods.ts';
import { pageOf } from './page.ts';
import type { Proof } from './row.ts';
import { GROUPS } from './rows.ts';

const root = join(import.meta.dirname, '../..');
const rows = GROUPS.flatMap((group) => group.rows);
const names = rows.map((row) => row.name);

/** Titles of tests: the first string of `it(...)`, `test(...)` and of what `each(...)` gives; what is put in is `%s`. */
function titlesIn(text: string): readonly string[] {
  const heads = /(?:\b(?:it|test)(?:\.\w+)*|\))\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`([^`]*)`)/g;
  return [...text.matchAll(heads)].map(([, one, two, three]) =>
    (one ?? two ?? three).replace(/\\(.)/g, '$1').replace(/\$\{[^}]*\}/g, '%s'),
  );
}

/** Whether a file has the case of a test: a text, a key, or a number. */
const isCase = (text: string, word: string) =>
  text.includes(`'${word}'`) || text.includes(` ${word}:`) || new RegExp(`\\(${word},`).test(text);

/** How many tests a proof names: one, unless cases tell those of the same title apart. */
function countOf({ file, title, cases }: Proof): number {
  const path = join(root, 'test', `${file}.test.ts`);
  if (!existsSync(path)) return 0;
  const text = readFileSync(path, 'utf8');
  if (!cases.every((word) => isCase(text, word))) return 0;
  const count = titlesIn(text).filter((each) => each === title).length;
  return cases.length > 0 ? Math.min(count, 1) : count;
}

/** Whether a row names a word, alone or among others. */
const isNamed = (word: string) => names.some((name) => name.split(/[\s,=()]+/).includes(word));

function sourcesIn(folder: string): readonly string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.ts')).map((file) => readFileSync(join(root, folder, file), 'utf8'));
}

const textsOf = (field: FieldValue | undefined) => (field?.type === 'table' ? [...field.value.keys()] : []);

describe('the rows', () => {
  it('name one test each, which exists', () => {
    const unproven = rows.flatMap(({ proofs }) => proofs.filter((proof) => countOf(proof) !== 1));
    expect(unproven).toEqual([]);
  });

  it('have a proof each, or a reason where there is nothing to prove', () => {
    const bare = rows.filter(({ status, proofs, note = '' }) =>
      status === 'absent' || status === 'neither'
        ? note.length < 20
        : proofs.length === 0 || (status === 'more' && note === ''),
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

  it('each word that begins with x- in the code of the broker, and the other arguments of exchanges', () => {
    const words = ['src/broker', 'src/protocols/amqp091'].flatMap((folder) =>
      sourcesIn(folder).flatMap((text) => [...text.matchAll(/'(x-[a-z-]+[a-z]|hash-\w+|alternate-exchange)'/g)]),
    );
    expect(words.length).toBeGreaterThan(50);
    expect(words.map(([, word]) => word).filter((word) => !isNamed(word))).toEqual([]);
  });

  it('each key of a policy', () => {
    const text = readFileSync(join(root, 'src/broker/policies/checks.ts'), 'utf8');
    const known = [...text.matchAll(/^ {2}'?([a-z-]+)'?: \[/gm)].map(([, key]) => key);
    expect(known.length).toBeGreaterThan(20);
    expect(known.filter((key) => !isNamed(key))).toEqual([]);
  });

  it('each reply code', () => {
    const text = readFileSync(join(root, 'src/protocols/amqp091/codec/reply-codes.ts'), 'utf8');
    const known = [...text.matchAll(/^ {2}(\d{3}): \['(\w+)'/gm)].map(([, code, name]) => `${code} ${name}`);
    expect(known.length).toBeGreaterThan(15);
    expect(known.filter((code) => !names.includes(code))).toEqual([]);
  });

  it.each([
    ['property', PROPERTY_LIST.map(([name]) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))],
    ['type of a table value', Object.entries(TYPE_LETTERS).map(([type, letter]) => `${letter} ${type}`)],
    ['type of exchange', EXCHANGE_TYPES],
    ['capability', textsOf(serverProperties('').get('capabilities'))],
  ])('each %s', (_what, known) => {
    expect(known.length).toBeGreaterThan(8);
    expect(known.filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe('docs/conformance.md', () => {
  it('is what the rows generate', async () => {
    await expect(pageOf(GROUPS)).toMatchFileSnapshot('../../docs/conformance.md');
  });
});
