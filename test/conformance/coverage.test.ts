// Which rows of the semantics digest have a case: every row ranked Must in its section 8, and the edge cases of its
// section 9. A row counts when the title of a case, or of a test of the host files beside it, begins with its id.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CASES } from './cases/index.ts';
import { titleOf } from './engine-under-test.ts';

/** Section 8, "Must". */
const MUST = {
  SIG: [1, 2, 3, 4, 5, 7],
  EXI: [1, 2, 4, 5],
  LNK: [1, 2, 3, 5, 6],
  MON: [1, 2, 4],
  ALI: [1, 2],
  REG: [1],
  RCV: [1, 2, 3, 4],
  TMR: [1, 2, 3],
  PRC: [1, 3],
  SCH: [1, 3, 6],
  GS: [1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13],
  PL: [1],
  SUP: [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14],
  DYN: [1],
  APP: [1],
  TRC: [1],
  LOG: [1],
  THR: [1],
  DST: [3],
  TST: [1, 2, 5],
} as const;

/** Section 8, "Should", as far as it is there: the runtime's library. Other rows of that rank have cases as well. */
const LIBRARY = ['TSK-1', 'TSK-2', 'GS-10', 'GS-14', 'REG-2', 'PAR-1', 'PG-1', 'ETS-1', 'PT-1', 'CNT-1', 'PRC-4'];

/** Rows that are about one engine or about what is around it, and why no case of theirs runs on all three. */
const NOT_EVERYWHERE: Readonly<Record<string, string>> = {
  'SCH-3': 'a macrotask between slices needs a host; in the simulator time waits for rest',
  'SCH-6': 'the watchdog looks at threads',
  'PL-1': 'crash reports go to the log of an engine (reports.test.ts)',
  'APP-1': 'start and ordered stop are of a System (stop.test.ts)',
  'TRC-1': 'the hook is set on a scheduler (reports.test.ts)',
  'LOG-1': 'reports go to the log of an engine (reports.test.ts)',
  'THR-1': 'one thread has none beside it (thread-death.test.ts, on threads and simulated ones)',
  'DST-3': 'the same',
  'TST-1': 'the simulator itself',
  'TST-2': 'the simulator itself',
  'TST-5': 'the simulator itself',
};

/** Section 9, but for number 22, which is about a behaviour that is ranked Should. */
const EDGES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27];
const EDGE_OF_STATE_MACHINES = 22;

const TITLE = /\btest(?:\.each\([^)]*\))?\(\s*(['"`])(.+?)\1/g;

/** Titles of the tests in the host files, which are written out there. */
function hostTitles(): string[] {
  const folder = new URL('.', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts') && file !== 'coverage.test.ts');
  return files.flatMap((file) =>
    [...readFileSync(new URL(file, folder), 'utf8').matchAll(TITLE)].map(([, , title]) => title),
  );
}

const titles = [...CASES.map(titleOf), ...hostTitles()];
const rowOf = (title: string) => title.slice(0, title.indexOf(' '));
const rows = new Set(titles.map(rowOf));
const edges = new Set(
  titles.flatMap((title) => /\(edge case ([\d, ]+)\)$/.exec(title)?.[1].split(', ').map(Number) ?? []),
);

describe('coverage of the digest', () => {
  const ids = Object.entries(MUST).flatMap(([family, numbers]) => numbers.map((number) => `${family}-${number}`));

  test.each(ids)('row %s, which is ranked Must, has a case', (id) => {
    expect(rows).toContain(id);
  });

  test.each(LIBRARY)('row %s, which is ranked Should, has a case', (id) => {
    expect(rows).toContain(id);
  });

  test.each(ids.filter((id) => NOT_EVERYWHERE[id] === undefined))('row %s has a case on all three engines', (id) => {
    expect(CASES.some(({ title, engines }) => rowOf(title) === id && engines === undefined)).toBe(true);
  });

  test.each(EDGES)('edge case %i has a case', (edge) => {
    expect(edges).toContain(edge);
  });

  test('edge case 22 has a case as soon as there are state machines', () => {
    const exists = existsSync(new URL('../../src/behaviours/gen-statem.ts', import.meta.url));
    expect(edges.has(EDGE_OF_STATE_MACHINES)).toBe(exists);
  });

  test('every title begins with a row, and no two cases have the same title', () => {
    for (const title of CASES.map(titleOf)) expect(title).toMatch(/^([A-Z]+-\d+|0-\d) \S/);
    expect(new Set(CASES.map(({ title }) => title)).size).toBe(CASES.length);
  });
});
