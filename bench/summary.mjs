/** What the pairs of one question come to, and whether it is what was aimed at. */
import { median } from './measure.mjs';

const FIGURES = ['seconds', 'cpu', 'peak', 'uploaded', 'requests'];

/**
 * `rounds`: for each pair { restic, ours }, each with seconds, cpu, peak, uploaded and requests, where known. Medians;
 * ratios are those of each pair, so that a machine that slows down counts less.
 */
export function summarise(rounds) {
  const of = (who) => Object.fromEntries(FIGURES.map((what) => [what, median(rounds.map((one) => one[who][what]))]));
  const ratio = (what) => median(rounds.map(({ restic, ours }) => over(ours[what], restic[what])));
  return {
    pairs: rounds.length,
    restic: of('restic'),
    ours: of('ours'),
    ratio: ratio('seconds'),
    bytesRatio: ratio('uploaded'),
    rounds,
  };
}

function over(a, b) {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b;
}

/**
 * What is asked of one result, as rows { what, unit, restic, ours, ratio, target, isMet }: the time always; bytes and peak
 * memory where there is a target. A target of memory is in bytes, the others are ratios. On Node 20, whose zstd is
 * slower, the time has a target of its own or none.
 */
export function judge({ targets }, result, major) {
  const { restic, ours, ratio, bytesRatio } = result;
  const time = major >= 22 ? targets.time : targets.timeOnNode20;
  const rows = [{ what: 'time', ...figures(restic, ours, 'seconds'), ratio, target: time, isMet: holds(ratio, time) }];
  if (targets.bytes !== undefined) {
    const isMet = holds(bytesRatio, targets.bytes);
    rows.push({ what: 'bytes', ...figures(restic, ours, 'uploaded'), ratio: bytesRatio, target: targets.bytes, isMet });
  }
  if (targets.peak !== undefined) {
    const isMet = holds(ours.peak, targets.peak);
    rows.push({
      what: 'peak',
      ...figures(restic, ours, 'peak'),
      ratio: over(ours.peak, restic.peak),
      target: targets.peak,
      isMet,
    });
  }
  return rows;
}

function figures(restic, ours, what) {
  return { restic: restic[what], ours: ours[what] };
}

function holds(value, target) {
  return value === undefined || target === undefined ? undefined : value <= target;
}
