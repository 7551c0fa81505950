/** Whether a host may be the one that notifies. Pure. */
import type { NotifyTarget } from '../desired/spec.ts';
import type { HostConfig } from '../host-config.ts';

/** `lacks`: names of secrets; empty where it may. */
export type Candidate = { readonly may: boolean; readonly lacks: readonly string[] };

/**
 * It must have all secrets that targets ask for: one that lacked some would leave those targets untold for as long as it has the claim.
 * Where no secret is asked for, host.yaml must say so: any host would do, and not every host has a mail system.
 */
export function candidate(
  { notify, secrets }: Pick<HostConfig, 'notify' | 'secrets'>,
  targets: readonly NotifyTarget[],
): Candidate {
  const named = [...new Set(targets.flatMap(secretsOf))];
  const lacks = named.filter((name) => !Object.hasOwn(secrets, name));
  if (notify === false || targets.length === 0) return { may: false, lacks: [] };
  if (lacks.length > 0) return { may: false, lacks: notify === true ? lacks : [] };
  return { may: notify === true || named.length > 0, lacks: [] };
}

function secretsOf(target: NotifyTarget): readonly string[] {
  switch (target.to) {
    case 'webhook':
      return [target.secret];
    case 'email':
      return [];
    default:
      return [target.token];
  }
}
