/**
 * The command behind `--`: the one that the launcher had before, or the game. It gets this program's streams as they
 * are, no shell, and the signals that come meanwhile; its exit code is ours. Loads nothing else of the program, for this
 * also runs in game folders that have not opted in.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { errnoOf, SyncError } from '../../base/errors.js';

/** None of them ends this program while the command runs: it ends by itself, and there is something left to do. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const;

/**
 * Whoever ends this program means the command. A terminal tells both by itself, as a console of Windows does, where to
 * pass a signal on would end a game without letting it save.
 */
function isForwarded(signal: NodeJS.Signals, platform: NodeJS.Platform): boolean {
  return platform !== 'win32' && (signal === 'SIGTERM' || !isatty(0));
}

/** Its exit code; 128 and the number of the signal that ended it. Throws 'io' or 'usage' if it cannot be started. */
export async function runChained(
  command: readonly string[],
  platform: NodeJS.Platform = process.platform,
): Promise<number> {
  const [file = '', ...args] = command;
  if (platform === 'win32' && /\.(cmd|bat)$/i.test(file)) throw isBatch(file);
  const child = spawn(file, args, { stdio: 'inherit', shell: false });
  const forward = (signal: NodeJS.Signals): void => {
    if (isForwarded(signal, platform)) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  try {
    return await new Promise<number>((settle, reject) => {
      child.once('error', (error) => reject(notStarted(error, file, platform)));
      child.once('exit', (code, signal) => settle(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward);
  }
}

const WITH_CMD = 'put its command interpreter before it: cmd.exe /d /c';

/** To start one means to give its arguments to a shell, with rules of quoting that cannot be kept safely. */
function isBatch(file: string): SyncError {
  return new SyncError(
    'usage',
    `${file} is a batch file, which Windows does not start itself; ${WITH_CMD} ${file} ...`,
  );
}

function notStarted(error: Error, file: string, platform: NodeJS.Platform): SyncError {
  const errno = errnoOf(error);
  const details = { errno, path: file };
  if (errno === 'ENOENT') {
    const batch = platform === 'win32' ? `; if it is a batch file (as npx and npm are), ${WITH_CMD} ${file} ...` : '';
    const todo = 'correct the command behind "--"';
    return new SyncError('io', `cannot start ${file}: there is no such program; ${todo}${batch}`, { details });
  }
  const reason = errno === 'EACCES' || errno === 'EPERM' ? 'it may not be run by this user' : error.message;
  return new SyncError('io', `cannot start ${file}: ${reason}`, { cause: error, details });
}
