/**
 * What the model of Vagrant understands of a Vagrantfile: the wrapper's `load`, `config.vm.box` and `box_version`, a container's
 * name, a box that a provider overrides, `ENV.fetch`, and whether there is a shell provisioner with `path: "init.sh"`. Of an init
 * script: `echo` of plain words, `exit N`, and `sleep N`, which never ends.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../../reconciler/apply/vagrant.ts';

export type Evaluated = {
  readonly box: string;
  /** Without the `= `; null: any. */
  readonly version: string | null;
  readonly machineName: string | null;
  readonly init: string | null;
};

/** What is wrong with it, in a sentence, where Vagrant could do nothing with it. */
export function evaluate(project: Project): Evaluated | string {
  const { folder, vagrantfile, env } = project;
  if (!existsSync(join(folder, vagrantfile))) return `there is no ${vagrantfile}`;
  const wrapper = readFileSync(join(folder, vagrantfile), 'utf8');
  const own = join(folder, 'Vagrantfile');
  const loads = wrapper.includes('load File.expand_path("Vagrantfile"');
  if (loads && !existsSync(own)) return 'there is no Vagrantfile';
  const text = loads ? wrapper.replace(/^load .*$/m, () => readFileSync(own, 'utf8')) : wrapper;
  const asked = [...text.matchAll(/ENV\.fetch\(["'](\w+)["']\)/g)].map(([, name = '']) => name);
  const missing = asked.find((name) => !Object.hasOwn(env, name));
  if (missing !== undefined) return `KeyError: key not found: "${missing}"`;
  const box =
    last(text, /override\.vm\.box = ["'](.+?)["']/g) ?? last(text, /config\.vm\.box = ["'](.+?)["']/g);
  if (box === null) return 'A box must be specified.';
  const init = /path: "init\.sh"/.test(text) ? readFileSync(join(folder, 'init.sh'), 'utf8') : null;
  return {
    box,
    version: last(text, /config\.vm\.box_version = ["']=? ?(.+?)["']/g),
    machineName: last(text, /container_name = ["'](.+?)["']/g),
    init,
  };
}

/** What came of an init script; `hangs`: it never ends. */
export function runInit(init: string): { readonly printed: string; readonly exitStatus: number | 'hangs' } {
  const printed = [...init.matchAll(/^echo "?([^"$\n]*)"?/gm)].map(([, words = '']) => `${words}\n`).join('');
  if (/^sleep \d+/m.test(init)) return { printed, exitStatus: 'hangs' };
  return { printed, exitStatus: Number(/^exit (\d+)$/m.exec(init)?.[1] ?? 0) };
}

function last(text: string, pattern: RegExp): string | null {
  return [...text.matchAll(pattern)].at(-1)?.[1] ?? null;
}
