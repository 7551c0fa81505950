/**
 * The Vagrantfile that Vagrant is given: it loads the guest's own, which stays as it was written for plain Vagrant, and says
 * around it what that file cannot know.
 *
 * 1. Before: a name for the machine that no other has (for providers that take one), so that what a crash leaves is known as
 *    ours. The guest's own file has the last word.
 * 2. After: exactly which box and version to build from, whatever else lies in the store.
 */
import type { BoxRef } from '../plan/plan.ts';

/** Its name in the project folder; no guest may have a file of that name. */
export const WRAPPER = 'Vagrantfile.boxreeve';

export function wrapperVagrantfile(box: BoxRef, machineName: string): string {
  return `# Written by Boxreeve at each build. The guest's own Vagrantfile lies beside it, unchanged.
Vagrant.configure("2") do |config|
${nameFor(box.provider, machineName)}end
load File.expand_path("Vagrantfile", File.dirname(__FILE__))
Vagrant.configure("2") do |config|
  config.vm.box = ${ruby(box.name)}
  config.vm.box_version = ${ruby(`= ${box.version}`)}
  config.vm.box_check_update = false
end
`;
}

/** Name of the Vagrantfile by which machines are ended when the guest's own is of no use; no guest may have such a file. */
export const ENDING = 'Vagrantfile.boxreeve-end';

/**
 * Without a Vagrantfile that can be evaluated nothing can be destroyed (VAGRANT.md trap 10), and a guest's own may ask for a
 * variable that is not there any more. This one knows no more of the machines than that they are there.
 *
 * @param machines names in the Vagrantfile they were made from
 */
export function endingVagrantfile(machines: readonly string[]): string {
  const named = machines.filter((name) => name !== 'default');
  return `# Written by Boxreeve to end the machines of this folder, whatever its own Vagrantfile asks for.
Vagrant.configure("2") do |config|
  config.vm.box = 'none'
${named.map((name) => `  config.vm.define ${ruby(name)}\n`).join('')}end
`;
}

/** Providers whose machines can be named from a Vagrantfile. For the others the machine's folder says whose it is. */
function nameFor(provider: string, name: string): string {
  switch (provider) {
    case 'lxc':
      return `  config.vm.provider(:lxc) { |lxc| lxc.container_name = ${ruby(name)} }\n`;
    case 'virtualbox':
      return `  config.vm.provider(:virtualbox) { |virtualbox| virtualbox.name = ${ruby(name)} }\n`;
    case 'parallels':
      return `  config.vm.provider(:parallels) { |parallels| parallels.name = ${ruby(name)} }\n`;
    default:
      return '';
  }
}

/** A Ruby string that is only its characters: nothing in it is evaluated. */
function ruby(text: string): string {
  return `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`;
}
