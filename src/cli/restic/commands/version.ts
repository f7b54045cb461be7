/** `version`: what this program is, in restic's form. */
import { version } from 'virtual:version';
import type { CommandSpec } from '../command.js';

export const versionCommand: CommandSpec = {
  name: 'version',
  summary: 'Print the version',
  description: 'Prints the version of the program and of what runs it.',
  flags: [],
  group: 'other',
  run: async ({ out }) => {
    const { platform, arch, version: node } = process;
    if (out.json) {
      const os = { node_version: node, node_os: platform, node_arch: arch };
      out.object({ message_type: 'version', version, ...os });
    } else {
      out.result(`restic-ts ${version} on Node.js ${node} on ${platform}/${arch}`);
    }
    return 0;
  },
};
