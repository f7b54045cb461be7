/** What one process can know of another on the same machine. */
import { errnoOf } from './errors.js';

/** On Windows too, signal 0 only asks. Any other error than "no such process" means that there is one, or no answer. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}
