/** Whether a symlink stays inside the folder that holds it: a hostile snapshot must not lead a writer elsewhere. */

const DRIVE_OR_SHARE = /^([A-Za-z]:|[\\/])/;
/** Windows passes over dots and spaces at the end of a name. */
const UP = /^\.\.[. ]*$/;

/**
 * True for absolute targets (of any system), for those that climb out of the root, and for those that climb after a
 * name: that name may be a link as well, and from where it leads the same steps can lead out. `path` is relative to
 * the root.
 */
export function leadsOutside(path: string, target: string): boolean {
  if (target === '' || DRIVE_OR_SHARE.test(target)) return true;
  let left = path.split('/').length - 1;
  let isBelow = false;
  for (const step of target.split(/[\\/]/)) {
    if (UP.test(step)) {
      left -= 1;
      if (isBelow || left < 0) return true;
    } else if (step !== '' && step !== '.') {
      isBelow = true;
    }
  }
  return false;
}
