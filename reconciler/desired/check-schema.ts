/**
 * Checks a file against its JSON Schema (`desired-state/schema/`). Whether it is valid is told by functions that were made
 * from the schemas beforehand; why it is not, by Ajv and the schemas themselves, which are loaded when something is wrong.
 */
import type { Complaint } from '../errors.ts';
import { atMost } from './complaints.ts';
import type { Box } from './generated/box.ts';
import type { Fleet } from './generated/fleet.ts';
import type { Guest } from './generated/guest.ts';
import type { Host } from './generated/host.ts';
import type { HostConfig } from './generated/host-config.ts';
import type { Recipe } from './generated/recipe.ts';
import type { TrustRules } from './generated/trust-rules.ts';
import type { YamlFile } from './read-yaml.ts';

/** The kinds of file, by the name of their schema. */
export type Kinds = {
  fleet: Fleet;
  host: Host;
  guest: Guest;
  box: Box;
  recipe: Recipe;
  'trust-rules': TrustRules;
  'host-config': HostConfig;
};

export type Checked<T> =
  | { readonly ok: true; readonly data: T }
  | { readonly ok: false; readonly complaints: readonly Complaint[] };

/** Everything that is wrong with the file, each with its place; or its data, typed. */
export async function checkSchema<K extends keyof Kinds>(
  kind: K,
  yaml: YamlFile,
): Promise<Checked<Kinds[K]>> {
  const accepts: Acceptors[K] = (await loadAcceptors())[kind];
  if (accepts(yaml.value)) return { ok: true, data: yaml.value };
  const [{ schemaErrors }, { explain }] = await Promise.all([
    import('./schema-errors.ts'),
    import('./explain.ts'),
  ]);
  return { ok: false, complaints: atMost(explain(schemaErrors(kind, yaml.value), yaml)) };
}

type Acceptors = { readonly [K in keyof Kinds]: (value: unknown) => value is Kinds[K] };

async function loadAcceptors(): Promise<Acceptors> {
  const { isBox, isFleet, isGuest, isHost, isHostConfig, isRecipe, isTrustRules } = await import(
    './generated/validators.ts'
  );
  return {
    fleet: (value): value is Fleet => isFleet(value),
    host: (value): value is Host => isHost(value),
    guest: (value): value is Guest => isGuest(value),
    box: (value): value is Box => isBox(value),
    recipe: (value): value is Recipe => isRecipe(value),
    'trust-rules': (value): value is TrustRules => isTrustRules(value),
    'host-config': (value): value is HostConfig => isHostConfig(value),
  };
}
