/**
 * The Range header (RFC 9110, 14.1.2), as the real server reads it: one satisfiable range is served, an unsatisfiable or
 * malformed one is refused, and for a file of no bytes the header counts for nothing. Several satisfiable ranges get
 * the whole file, which the RFC allows; no restic client asks for that.
 */

export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly length: number }
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'malformed' };

export interface Span {
  readonly start: number;
  readonly length: number;
}

/** `size` is the file's length in bytes. */
export function parseRange(header: string | undefined, size: number): RangeAnswer {
  if (header === undefined || header === '') return { kind: 'whole' };
  if (!header.startsWith('bytes=')) return { kind: 'malformed' };
  const specs = header.slice('bytes='.length).split(',');
  const wanted = specs.map((spec) => spec.trim()).filter((spec) => spec !== '');
  const spans: Span[] = [];
  for (const spec of wanted) {
    const span = parseSpec(spec, size);
    if (span === 'malformed') return { kind: 'malformed' };
    if (span !== 'outside') spans.push(span);
  }
  if (size === 0 || wanted.length === 0) return { kind: 'whole' };
  const [first, second] = spans;
  if (first === undefined) return { kind: 'unsatisfiable' };
  return second === undefined ? { kind: 'part', ...first } : { kind: 'whole' };
}

function parseSpec(spec: string, size: number): Span | 'outside' | 'malformed' {
  const match = /^(\d*)\s*-\s*(\d*)$/.exec(spec);
  const from = match?.[1] ?? '';
  const to = match?.[2] ?? '';
  if (from === '' && to === '') return 'malformed';
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'outside' : { start: size - length, length };
  }
  const start = Number(from);
  const last = to === '' ? size - 1 : Number(to);
  if (to !== '' && last < start) return 'malformed';
  return start >= size ? 'outside' : { start, length: Math.min(last, size - 1) - start + 1 };
}
