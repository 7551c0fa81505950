/** Requests that come over the control socket. */
import type { WantedBox } from '../desired/catalogued-box.ts';
import type { Service } from './service.ts';

/** Answers one request with a JSON document. Throws what the command line should show. */
export async function handleRequest(service: Service, request: unknown): Promise<unknown> {
  const { command, ...fields } = asFields(request);
  switch (command) {
    case 'status': {
      const status = service.status();
      if (status === null) throw new Error('the daemon has not finished its first reconcile yet');
      return status;
    }
    case 'sync':
      return service.sync({
        trigger: 'manual',
        forceWindow: fields.forceWindow === true,
        dryRun: fields.dryRun === true,
        retryFailed: fields.retryFailed === true,
      });
    case 'pause':
      await service.pause({
        reason: typeof fields.reason === 'string' ? fields.reason : '',
        until: instantOrNull(fields.until ?? null),
        guest: guestOrNull(fields.guest ?? null),
      });
      return { paused: true };
    case 'resume':
      return { resumed: await service.resume(guestOrNull(fields.guest ?? null)) };
    case 'box-prune':
      return service.tendBoxes({ do: 'prune', dryRun: fields.dryRun === true });
    case 'box-fetch':
      return service.tendBoxes({ do: 'fetch', wanted: wantedBox(fields) });
    default:
      throw new Error(`the daemon does not know the request ${JSON.stringify(command)}`);
  }
}

function asFields(request: unknown): Record<string, unknown> {
  return typeof request === 'object' && request !== null ? { ...request } : {};
}

function wantedBox({ name, version, provider }: Record<string, unknown>): WantedBox {
  if (typeof name !== 'string' || typeof version !== 'string')
    throw new Error('a box is asked for by its name and its version');
  return { name, version, provider: typeof provider === 'string' ? provider : null };
}

/** What is no name must not be taken for none: all guests would be paused in its place. */
function guestOrNull(guest: unknown): string | null {
  if (guest === null || typeof guest === 'string') return guest;
  throw new Error(`${JSON.stringify(guest)} is no name of a guest`);
}

/** A pause until no time that is known would never end, and never be seen to hold. */
function instantOrNull(until: unknown): string | null {
  if (until === null || (typeof until === 'string' && !Number.isNaN(Date.parse(until)))) return until;
  throw new Error(`${JSON.stringify(until)} is no time to pause until`);
}
