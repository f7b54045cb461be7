/**
 * Runs a program to its end and measures it.
 *
 *   seconds   wall time, from the start of the process to its end
 *   cpu       user and system seconds of the process and its threads     Linux only (/proc), else undefined
 *   peak      most resident memory at once, in bytes                     Linux only (/proc), else undefined
 *
 * Linux adds what an ended child has used to its parent's account, exact to 10 ms: one program at a time, therefore.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const LIMIT_MS = 600_000;
const SAMPLE_MS = 10;
/** USER_HZ: every Linux that Node runs on has 100. */
const TICKS = 100;
const PROC = existsSync('/proc/self/stat');

/**
 * Throws with the program's own words if it does not end with 0. `signal` ends the program. With `discard` its output
 * is read and not kept.
 */
export async function measure(command, args, { cwd, env, signal, limit = LIMIT_MS, discard = false, killSignal }) {
  signal?.throwIfAborted();
  const before = childrenCpu();
  const start = performance.now();
  const stdio = ['ignore', 'pipe', 'pipe'];
  const child = spawn(command, args, { cwd, env, signal, timeout: limit, killSignal, stdio });
  const output = { stdout: [], stderr: [] };
  if (discard) child.stdout.resume();
  else child.stdout.on('data', (chunk) => output.stdout.push(chunk));
  child.stderr.on('data', (chunk) => output.stderr.push(chunk));
  let peak;
  const look = () => {
    peak = peakOf(child.pid) ?? peak;
  };
  const sampler = PROC ? setInterval(look, SAMPLE_MS) : undefined;
  let end = start;
  try {
    const [code, by] = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => {
        end = performance.now();
      });
      child.once('close', (...how) => resolve(how));
    });
    const [stdout, stderr] = [output.stdout, output.stderr].map((parts) => Buffer.concat(parts).toString());
    if (code !== 0) throw new Error(`${command} ${args[0]}: ${by ?? `exit code ${code}`}\n${stdout}${stderr}`);
    const cpu = before === undefined ? undefined : childrenCpu() - before;
    return { seconds: (end - start) / 1000, cpu, peak, stdout };
  } finally {
    clearInterval(sampler);
  }
}

/** Seconds that ended children of this process have used. */
function childrenCpu() {
  if (!PROC) return undefined;
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // After the name, which may hold anything, in brackets: state is field 3, cutime and cstime are 16 and 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS;
}

function peakOf(pid) {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found ? Number(found[1]) * 1024 : undefined;
  } catch {
    // It has just ended.
    return undefined;
  }
}

export function median(values) {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (known.length === 0) return undefined;
  const middle = known.length >> 1;
  return known.length % 2 === 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
}
