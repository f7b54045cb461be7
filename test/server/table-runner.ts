/** Asks a scenario's requests in order and says where an answer is not the expected one. */
import { type Answer, ask } from './http.js';
import type { Row, Scenario } from './request-table.js';

/** One line for each difference; empty when all is as it should be. */
export async function runScenario(base: string, { rows }: Scenario): Promise<string[]> {
  const differences: string[] = [];
  for (const [index, row] of rows.entries()) {
    const answer = await ask(base, row);
    for (const problem of compare(row, answer)) {
      const extra = JSON.stringify(row.headers ?? {});
      differences.push(`#${index} ${row.method} ${row.path} ${extra}: ${problem}`);
    }
  }
  return differences;
}

function compare(row: Row, answer: Answer): string[] {
  const problems: string[] = [];
  if (answer.status !== row.status) problems.push(`status ${answer.status}, not ${row.status}`);
  if (row.text !== undefined && row.method !== 'HEAD' && answer.text !== row.text) {
    problems.push(`body ${JSON.stringify(answer.text.slice(0, 200))}, not ${JSON.stringify(row.text)}`);
  }
  for (const [name, value] of Object.entries(row.expect ?? {})) {
    if (answer.headers[name] !== value) problems.push(`${name} ${answer.headers[name]}, not ${value}`);
  }
  return problems;
}
