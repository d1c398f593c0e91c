// The table of docs/compared.md is honest in form: every filled circle names tests that exist, every other one says why.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = new URL('../docs/compared.md', import.meta.url);
// The second table is about others only.
const rows = readFileSync(page, 'utf8')
  .split('\n## ')[0]
  .split('\n')
  .filter((line) => /^\| (?!\|)/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map((cells) => ({ what: cells[1], mark: cells[2], why: cells.at(-2) ?? '' }))
  .filter(({ mark }) => mark !== 'Warren');

const filesOf = (why: string): string[] => [...why.matchAll(/\]\((\.\.\/[^)]+)\)/g)].map((match) => match[1]);

describe('the comparison with other actor systems', () => {
  it('has a row for each thing that people look for', () => expect(rows.length).toBeGreaterThanOrEqual(19));

  it.each(rows)('$what: $mark', ({ mark, why }) => {
    const files = filesOf(why);
    expect(files.filter((file) => !existsSync(new URL(file, page)))).toEqual([]);
    expect(['●', '◐', '○']).toContain(mark);
    if (mark === '●') expect(files.filter((file) => file.startsWith('../test/')).length).toBeGreaterThan(0);
    else expect(why.replace(/\[.*?\]\(.*?\)/g, '').length, 'a reason').toBeGreaterThan(40);
  });
});
