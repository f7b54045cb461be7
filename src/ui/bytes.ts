/** Numbers as restic writes them, so that a script reads the lines of both programs. */

const UNITS: readonly (readonly [number, string])[] = [
  [2 ** 40, 'TiB'],
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
];

/** "0 B", "1.992 KiB": three digits of the largest unit that is below the number. */
export function formatBytesLikeRestic(bytes: number): string {
  for (const [size, name] of UNITS) if (bytes >= size) return `${toFixedEven(bytes / size, 3)} ${name}`;
  return `${bytes} B`;
}

/** Whole seconds as "0:03", "12:00", "1:02:03". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "50.00%"; nothing of nothing is "", as there is nothing to tell. */
export function formatPercent(part: number, whole: number): string {
  if (whole === 0) return '';
  return `${toFixedEven(Math.min(100, (100 * part) / whole), 2)}%`;
}

/** As Go rounds: what lies exactly between two goes to the even one, where toFixed goes up. */
function toFixedEven(value: number, digits: number): string {
  const scaled = value * 10 ** digits;
  const below = Math.floor(scaled);
  return scaled - below === 0.5 ? ((below + (below % 2)) / 10 ** digits).toFixed(digits) : value.toFixed(digits);
}
