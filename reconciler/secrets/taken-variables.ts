/**
 * Environment variables that are secrets are taken out of this process's environment before it starts any other, so that no Git, no
 * ssh, no command of the host's is started with them by accident. What the process itself was started with stays readable in
 * /proc to its own user and to root: that nobody can undo.
 */

/** As they were; the environment of a process does not change from outside. */
const taken = new Map<string, string>();

/** Its value; undefined if it was never set. */
export function takeVariable(name: string): string | undefined {
  const value = process.env[name];
  if (value !== undefined) {
    taken.set(name, value);
    delete process.env[name];
  }
  return taken.get(name);
}
