/** A token from standard input: from a pipe, or typed in a terminal without being shown. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** The first line. A pipe that says nothing is waited for: the caller asked for it. */
export async function readToken(input: NodeJS.ReadStream): Promise<string> {
  return ask(input, input.isTTY ? 'Token (ID:PASSWORD, not shown): ' : '', { hidden: true });
}

/** Asks one question. Hidden answers are not echoed. */
export async function ask(
  input: NodeJS.ReadStream,
  question: string,
  options: { readonly hidden?: boolean } = {},
): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = options.hidden === true ? silent : process.stderr;
  const lines = createInterface({ input, output, terminal: input.isTTY });
  // Only now does the terminal show nothing of what is typed.
  if (options.hidden === true && question !== '') process.stderr.write(question);
  try {
    return await new Promise<string>((resolve) => {
      lines.once('close', () => resolve(''));
      lines.question(options.hidden === true ? '' : question, resolve);
    });
  } finally {
    lines.close();
    if (options.hidden === true && question !== '') process.stderr.write('\n');
  }
}
