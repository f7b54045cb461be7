/** Whether a symlink stays inside the folder that holds it: a hostile snapshot must not lead a writer elsewhere. */

const DRIVE_OR_SHARE = /^([A-Za-z]:|[\\/])/;

/** True for absolute targets (of any system) and for those that climb out of the root. `path` is relative to it. */
export function leadsOutside(path: string, target: string): boolean {
  if (target === '' || DRIVE_OR_SHARE.test(target)) return true;
  let depth = path.split('/').length - 1;
  for (const step of target.split(/[\\/]/)) {
    if (step === '..') depth -= 1;
    else if (step !== '' && step !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}
