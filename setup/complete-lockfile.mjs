/**
 * Adds to package-lock.json the packages for other machines that npm left out, because the registry at hand has not got them:
 * with a name missing `npm ci` refuses the whole file, though it would not install that package here.
 *
 *   node setup/complete-lockfile.mjs          after every `npm install` that changes package-lock.json
 *   node setup/complete-lockfile.mjs --check  exits with 1 if a name is missing, or if an address of a registry stands there
 *
 * What is added has no digest, since nobody has seen the package; npm asks the registry of the machine that needs it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const check = process.argv.includes('--check');

const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
  Object.entries(entry.optionalDependencies ?? {})
    .filter(([name]) => !isThere(path, name))
    .map(([name, version]) => ({ name, version, dev: entry.dev === true })),
);
const addresses = Object.entries(lock.packages).flatMap(([path, { resolved }]) => (resolved ? [path] : []));

if (check) {
  for (const { name } of missing) complain(`${name} is missing from package-lock.json`);
  for (const path of addresses) complain(`${path} names a registry in package-lock.json`);
} else {
  for (const { name, version, dev } of missing) {
    if (!/^\d/.test(version)) complain(`${name} is missing, and ${version} says no exact version`);
    const machine = machineOf(name);
    lock.packages[`node_modules/${name}`] = { version, ...machine, ...(dev ? { dev } : {}), optional: true };
  }
  for (const path of addresses) delete lock.packages[path].resolved;
  const order = (one, other) => (one < other ? -1 : 1);
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => order(a, b)));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}

/** As Node looks for it: in the folder of the package that wants it, then in each above. */
function isThere(path, name) {
  const parts = path === '' ? [] : path.split('/node_modules/');
  for (let depth = parts.length; depth >= 0; depth--) {
    const above = parts.slice(0, depth).join('/node_modules/');
    if (`${above === '' ? '' : `${above}/`}node_modules/${name}` in lock.packages) return true;
  }
  return false;
}

/** From a name such as `@biomejs/cli-linux-x64-musl`. */
function machineOf(name) {
  const words = name.slice(name.indexOf('/') + 1).split('-');
  const os = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'].find((it) =>
    words.includes(it),
  );
  const cpu = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'wasm32'].find((it) =>
    words.includes(it),
  );
  if (cpu === undefined) complain(`${name} does not say what machine it is for`);
  const libc = ['musl', 'gnu'].find((it) => words.some((word) => word.startsWith(it)));
  return {
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(os === undefined ? {} : { os: [os] }),
    ...(os === 'linux' && libc !== undefined ? { libc: [libc === 'gnu' ? 'glibc' : libc] } : {}),
  };
}

function complain(text) {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
