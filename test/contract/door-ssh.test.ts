/** The door behind a real sshd, where a forced command says which host it is: docs/how-to/protect-the-repository.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DoorLab, type Key, openDoorLab, type Push, pushFrom } from '../lab/door.ts';
import { type SshServer, startSshServer } from '../lab/ssh-server.ts';
import { newKey, someDraft } from '../unit/audit/account-lab.ts';

const HOSTS = ['builder1', 'builder2'];
let lab: DoorLab;
let server: SshServer;
/** The keys by which hosts reach the server: not those that they sign with. */
const doors = new Map<string, Key>();

beforeAll(async () => {
  lab = await openDoorLab(HOSTS);
  for (const name of HOSTS) doors.set(name, await newKey(lab.root, `door-of-${name}`));
  server = await startSshServer(
    lab.root,
    HOSTS.map((name) => authorizedLine(name)),
  );
});
afterAll(async () => {
  await server?.stop();
  lab?.dispose();
});

/** The line of the how-to page, for this host and this key. */
function authorizedLine(name: string): string {
  const page = readFileSync(join(import.meta.dirname, '../../docs/how-to/protect-the-repository.md'), 'utf8');
  const line = /^restrict,command=.*ssh-ed25519 AAAA\S* builder1$/m.exec(page)?.[0];
  if (line === undefined) throw new Error('the page has no line of authorized_keys any more');
  return line.replaceAll('builder1', name).replace(/ssh-ed25519 AAAA\S*/, doors.get(name)?.publicKey ?? '');
}

/** A push of `host`'s own chain, made with the key by which `as` reaches the server. */
async function push(host: string, as: string, env: Readonly<Record<string, string>> = {}): Promise<Push> {
  const { gitDir } = lab.member(host);
  const spec = `refs/boxreeve/audit/${host}:refs/heads/audit/${host}`;
  const command = server.clientWith(doors.get(as)?.key ?? '');
  return pushFrom(gitDir, `${server.url}${lab.repo.url}`, [spec], { GIT_SSH_COMMAND: command, ...env });
}

it('a host pushes its own account, and no other host pushes it, though the records be right', async () => {
  await lab.member('builder1').log.append(someDraft(lab.desired));
  const stranger = await push('builder1', 'builder2');
  expect(stranger.ok).toBe(false);
  expect(stranger.said).toContain('the host builder2 pushes to the account of builder1');
  expect(await lab.refs()).not.toContain('audit/');
  expect(await push('builder1', 'builder1')).toMatchObject({ ok: true });
  expect(await lab.refs()).toContain('refs/heads/audit/builder1');
});

it('a host cannot say that it is another', async () => {
  await lab.member('builder2').log.append(someDraft(lab.desired));
  const claim = {
    GIT_SSH_COMMAND: `${server.clientWith(doors.get('builder1')?.key ?? '')} -oSetEnv=BOXREEVE_PUSHER=builder2`,
  };
  const { ok, said } = await push('builder2', 'builder1', claim);
  expect(ok).toBe(false);
  expect(said).toContain('the host builder1 pushes to the account of builder2');
});
