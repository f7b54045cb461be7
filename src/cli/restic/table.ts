/** Tables as restic draws them: columns two spaces apart, a rule under the head and under the rows, then the footer. */

export interface Table {
  readonly head: readonly string[];
  /** A cell may have several lines; its row is as high as its highest cell. */
  readonly rows: readonly (readonly string[])[];
  readonly footer?: readonly string[];
}

const GAP = '  ';

/** The lines of the table. Cells are padded to their column's width, the last one too; a line's end is not trimmed. */
export function renderTable({ head, rows, footer = [] }: Table): string[] {
  const widths = head.map(width);
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      for (const line of cell.split('\n')) widths[i] = Math.max(widths[i] ?? 0, width(line));
    }
  }
  const rule = '-'.repeat(widths.reduce((sum, w) => sum + w, 0) + GAP.length * Math.max(0, widths.length - 1));
  const body = rows.flatMap((row) => renderRow(row, widths));
  return [...renderRow(head, widths), rule, ...body, rule, ...footer];
}

function renderRow(row: readonly string[], widths: readonly number[]): string[] {
  const cells = row.map((cell) => cell.split('\n'));
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => widths.map((w, i) => pad(cells[i]?.[line] ?? '', w)).join(GAP));
}

/** In characters, not in units of UTF-16. */
function width(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}
