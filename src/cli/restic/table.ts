/** Tables as restic draws them: columns two spaces apart, a rule under the head and under the rows, then the footer. */

export interface Table {
  readonly head: readonly string[];
  /** A cell may have several lines; its row is as high as its highest cell. */
  readonly rows: readonly (readonly string[])[];
  readonly footer?: readonly string[];
  /** With a blank line between the rows. */
  readonly spaced?: boolean;
}

const GAP = '  ';

/** The lines of the table. Cells are padded to their column's width, but no line ends in blanks. */
export function renderTable({ head, rows, footer = [], spaced = false }: Table): string[] {
  const widths = head.map(width);
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      for (const line of cell.split('\n')) widths[i] = Math.max(widths[i] ?? 0, width(line));
    }
  }
  const rule = '-'.repeat(widths.reduce((sum, w) => sum + w, 0) + GAP.length * Math.max(0, widths.length - 1));
  const body = rows.flatMap((row, i) => [...(spaced && i > 0 ? [''] : []), ...renderRow(row, widths)]);
  return [...renderRow(head, widths), rule, ...body, rule, ...footer];
}

function renderRow(row: readonly string[], widths: readonly number[]): string[] {
  const cells = row.map((cell) => cell.split('\n'));
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    widths
      .map((w, i) => pad(cells[i]?.[line] ?? '', w))
      .join(GAP)
      .replace(/ +$/, ''),
  );
}

/** Characters that take two places: those of East Asia, and pictures. All others count as one. */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4e00-\ua4c6\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2fb}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;

/** In places of a terminal, not in units of UTF-16. */
function width(text: string): number {
  let count = 0;
  for (const char of text) count += WIDE.test(char) ? 2 : 1;
  return count;
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}
