// Question: how does a person read it? Numbers and tables as plain text: columns aligned, figures short, no colours,
// so that the output can be pasted into a document as it is.

/** A figure with three or four digits that count: 2.34M, 659k, 12.3, 0.087. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1_000_000) return `${(value / 1_000_000).toFixed(size >= 10_000_000 ? 1 : 2)}M`;
  if (size >= 10_000) return `${(value / 1000).toFixed(size >= 100_000 ? 0 : 1)}k`;
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 1 ? 2 : 3);
}

/** A ratio as people say it: 21x, 1.4x, 0.85x. */
export function formatRatio(value: number): string {
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(2)}x`;
}

/** A spread as a percentage of the median. */
export function formatSpread(share: number): string {
  return `${(share * 100).toFixed(0)}%`;
}

/** Lines of equal width. The first column is left-aligned, and so is every column named in `textColumns`. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  textColumns: readonly string[] = [],
): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const isText = header.map((title, column) => column === 0 || textColumns.includes(title));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (isText[column] ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}
