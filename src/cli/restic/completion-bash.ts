/** Completion for bash 3.2 and later; needs no bash-completion. */
import type { CommandSpec, Flag } from './command.js';
import type { CompletionData } from './completion.js';
import { functionName, spellings, takesValue } from './completion-flags.js';

export function bashCompletion({ program, words, commands, globalFlags }: CompletionData): string {
  const name = functionName(program);
  const groups = [...words.keys()].filter((word) => word !== '').join(' ');
  const following = [...words].map(
    ([before, list]) => `        '${before}') words='${list.map((one) => one.word).join(' ')}' ;;`,
  );
  return [
    `# bash completion for ${program}`,
    '',
    `${name}()`,
    '{',
    `    local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}`,
    "    local command='' words='' flags='' valued='' word i",
    `    local all_valued=' ${listOf(globalFlags.filter(takesValue))} '`,
    findCommand(groups),
    '    case $command in',
    ...following,
    ...commands.filter(({ flags }) => flags.length > 0).map(flagsOf),
    '    esac',
    choose(listOf(globalFlags)),
    '}',
    '',
    `complete -o bashdefault -o default -F ${name} ${program}`,
    '',
  ].join('\n');
}

/** Goes over the words before the one that is completed; "--repo=x" comes as three. */
function findCommand(groups: string): string {
  return `    [[ $prev == = ]] && prev=\${COMP_WORDS[COMP_CWORD-2]}
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=\${COMP_WORDS[i]}
        if [[ $all_valued == *" $word "* ]]; then
            ((i++))
            [[ \${COMP_WORDS[i]} == = ]] && ((i++))
        elif [[ $word == -* ]]; then
            continue
        elif [[ -z $command ]]; then
            command=$word
        elif [[ ' ${groups} ' == *" $command "* ]]; then
            command="$command $word"
            break
        else
            break
        fi
    done`;
}

/** Nothing for the value of a flag, and where a file may stand: bash completes names of files by itself then. */
function choose(allFlags: string): string {
  return `    COMPREPLY=()
    [[ " $valued$all_valued" == *" $prev "* ]] && return
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags ${allFlags}" -- "$cur"))
    elif [[ -n $words ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
    fi`;
}

function flagsOf({ name, flags }: CommandSpec): string {
  return `        '${name}')
            flags='${listOf(flags)}'
            valued='${listOf(flags.filter(takesValue))}' ;;`;
}

function listOf(flags: readonly Flag[]): string {
  return flags.flatMap(spellings).join(' ');
}
