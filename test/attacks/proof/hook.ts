/**
 * Loaded into every process of an attack (`node --import`). In a proof it hands Node the product's files without the defence of the
 * attack that runs here; what is on disk stays as it is. Otherwise it does nothing.
 */
import { registerHooks } from 'node:module';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Attack, ROOT, readAttack, takeOut } from './attack.ts';
import { DEFENCE_OF, WITHOUT_DEFENCE } from './environment.ts';

if (process.env[WITHOUT_DEFENCE] !== undefined) {
  let attack: Attack | null = null;
  let known: string | undefined;

  /** One process serves one attack: modules stay loaded, and another's defence would be out with them. */
  const begin = (name: string) => {
    if (known !== undefined && known !== name)
      throw new Error(`the attacks ${known} and ${name} share a process`);
    known = name;
    attack = readAttack(name);
    process.env[DEFENCE_OF] = name;
    process.env.NODE_OPTIONS = `--import=${import.meta.url}`;
  };

  if (process.env[DEFENCE_OF] !== undefined) begin(process.env[DEFENCE_OF]);
  registerHooks({
    load: (url, context, next) => {
      if (!url.startsWith('file:')) return next(url, context);
      const file = relative(ROOT, fileURLToPath(url)).replaceAll(sep, '/');
      const name = /^test\/attacks\/([^/]+)\.test\.ts$/.exec(file)?.[1];
      if (name !== undefined) begin(name);
      const loaded = next(url, context);
      if (!attack?.defence.some((cut) => cut.file === file)) return loaded;
      if (loaded.source === undefined || loaded.source === null)
        throw new Error(`${file} cannot be read as text`);
      const source =
        typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: takeOut(source, file, attack.defence) };
    },
  });
}
