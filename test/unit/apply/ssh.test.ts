import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectSsh } from '../../../reconciler/apply/ssh.ts';
import { CLIENT_KEY, type GuestSsh, openGuestSsh } from '../../model/guest-ssh.ts';

let folder: string;
let guest: GuestSsh;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxreeve-ssh-'));
  await writeFile(join(folder, 'key'), CLIENT_KEY);
});
afterEach(async () => {
  guest.close();
  await rm(folder, { recursive: true, force: true });
});

describe('what a guest prints', () => {
  test('is read whole where a character is cut between two packets', async () => {
    const bytes = Buffer.from('pässwörd');
    const cut = bytes.indexOf(0xa4);
    guest = await openGuestSsh(() => ({ stdout: [bytes.subarray(0, cut), bytes.subarray(cut)] }));
    const target = { host: '127.0.0.1', port: guest.port, user: 'vagrant', hostKey: null };
    const session = await connectSsh({ ...target, identityFiles: [join(folder, 'key')] }, 20_000);
    expect(await session.run('cat secret', 20_000)).toMatchObject({ exitStatus: 0, stdout: 'pässwörd' });
    session.close();
  });
});
