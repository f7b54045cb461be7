/**
 * The two lines a player puts into the launcher. Every part is quoted and slashes are forward: the one form that all
 * versions of Prism, MultiMC, ATLauncher, HMCL and Modrinth take apart the same way.
 */

export function hookLines(node: string = process.execPath, script: string = process.argv[1] ?? ''): string[] {
  const quote = (path: string): string => `"${path.replaceAll('\\', '/')}"`;
  const line = (command: string): string => `${quote(node)} ${quote(script)} ${command}`;
  return [`  pre-launch   ${line('pull')}`, `  post-exit    ${line('push')}`];
}
