/** Completion for PowerShell 5 and later. Long flags only: its tables do not tell -h from -H. */
import type { Flag } from './command.js';
import type { CompletionData } from './completion.js';
import { spellings, takesValue } from './completion-flags.js';

export function powershellCompletion({ program, words, commands, globalFlags }: CompletionData): string {
  const valued = globalFlags.filter(takesValue).flatMap(spellings);
  const wordTables = [...words].flatMap(([before, list]) =>
    tableOf(
      before,
      list.map(({ word, summary }) => [word, summary]),
    ),
  );
  return [
    `# PowerShell completion for ${program}`,
    '',
    `Register-ArgumentCompleter -Native -CommandName ${quote(program)} -ScriptBlock {`,
    '    param($wordToComplete, $commandAst, $cursorPosition)',
    '',
    '    $words = @{',
    ...wordTables,
    '    }',
    '    $flags = @{',
    ...tableOf('', flagRows(globalFlags)),
    ...commands.flatMap(({ name, flags }) => tableOf(name, flagRows(flags))),
    '    }',
    `    $valued = ${valued.map(quote).join(', ')}`,
    COMPLETE,
    '}',
    '',
  ].join('\n');
}

/** Finds the command among the words before the cursor, then offers what may follow it. */
const COMPLETE = `
    $command = ''
    $isValue = $false
    foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        $word = $element.ToString()
        if ($isValue) { $isValue = $false; continue }
        if ($word.StartsWith('-')) { $isValue = $valued -ccontains $word; continue }
        if ($command -eq '') { $command = $word; continue }
        if ($words.ContainsKey($command)) { $command = "$command $word" }
        break
    }
    if ($isValue) { return }

    $tables = @($words[$command])
    if ($wordToComplete.StartsWith('-')) {
        $tables = @($flags[''])
        if ($command -ne '') { $tables += $flags[$command] }
    }
    foreach ($table in $tables) {
        if ($null -eq $table) { continue }
        foreach ($name in $table.Keys) {
            if (-not $name.StartsWith($wordToComplete)) { continue }
            [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $table[$name])
        }
    }`;

function flagRows(flags: readonly Flag[]): (readonly [string, string])[] {
  return flags.map((flag) => [`--${flag.name}`, flag.help]);
}

function tableOf(name: string, rows: readonly (readonly [string, string])[]): string[] {
  const body = rows.map(([key, help]) => `            ${quote(key)} = ${quote(help)}`);
  return [`        ${quote(name)} = [ordered]@{`, ...body, '        }'];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
