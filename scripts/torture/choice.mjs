/** Which of a scenario's points are tried. The same points always give the same choice. */

/** Every point, and power cuts at those where one does something else than a kill. */
export function allTrials(points) {
  const cuts = points.filter(({ unsynced }, i) => isWorthCut(unsynced, points[i - 1]?.unsynced ?? []));
  return [
    ...points.map(({ number }) => ({ number, power: false })),
    ...cuts.map(({ number }) => ({ number, power: true })),
  ];
}

/** What is in the cache is never fsynced, and stays unsynced to the end: it counts where more of it comes. */
function isWorthCut(unsynced, before) {
  if (unsynced.some((path) => !path.startsWith('.cloud-sync/cache/'))) return true;
  return unsynced.length > 0 && unsynced.join() !== before.join();
}

/** `count` of them, spread evenly: in the middle of as many equal parts. */
export function spread(all, count) {
  if (all.length <= count) return all;
  return Array.from({ length: count }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / count)]);
}

/** `count` of the points, and a third as many power cuts. */
export function someTrials(points, count) {
  const all = allTrials(points);
  const [kills, cuts] = [false, true].map((power) => all.filter((trial) => trial.power === power));
  return [...spread(kills, count), ...spread(cuts, Math.ceil(count / 3))];
}

/** Those of requests, without power cuts: nothing else depends on the server. */
export function requestTrials(points) {
  return points.filter(({ name }) => /^[A-Z]+ \//.test(name)).map(({ number }) => ({ number, power: false }));
}
