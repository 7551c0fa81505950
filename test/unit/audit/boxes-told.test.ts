import { afterEach, beforeEach, expect, it } from 'vitest';
import { boxesTold } from '../../../reconciler/audit/boxes-told.ts';
import { openFleetAccount } from '../../../reconciler/audit/fleet-account.ts';
import type { RecordedBox } from '../../../reconciler/audit/record.ts';
import { type AccountHost, type AccountLab, openAccountLab, someDraft } from './account-lab.ts';

let lab: AccountLab;
let one: AccountHost;

beforeEach(async () => {
  lab = await openAccountLab();
  one = await lab.host('builder1');
  await lab.declare({ builder1: `auditKey: ${one.publicKey}` });
});
afterEach(() => lab.dispose());

const box = (version: string): RecordedBox => ({
  ...{ name: 'azure-ci-node', version, provider: 'lxc', sha256: 'ab'.repeat(32) },
  ...{ added: true, file: false, verifiedAt: null, usedBy: ['azure-agent'] },
});

/** As another host reads it, from the remote alone. */
async function told() {
  const reader = await lab.host('builder2');
  const { hosts } = await openFleetAccount(reader.gitDir, reader.mirror, 'desired-state', reader.name);
  const [host] = hosts.filter(({ host: name }) => name === 'builder1');
  if (host === undefined) throw new Error('builder1 is not in the fleet');
  return boxesTold(reader.gitDir, host);
}

it('the newest record that says which boxes a host has counts, though later ones say nothing of it', async () => {
  await one.log.append(someDraft(lab.desired, { boxes: [box('1')] }));
  await one.log.append(someDraft(lab.desired, { boxes: [box('2')] }));
  await one.log.append(someDraft(lab.desired));
  await one.log.push();
  expect(await told()).toMatchObject({ verified: true, detail: 'signed by builder1', boxes: [box('2')] });
});

it('a host that has recorded nothing, or nothing of its boxes, is known to have none', async () => {
  expect(await told()).toMatchObject({ commit: null, detail: 'it has recorded nothing yet', boxes: [] });
  await one.log.append(someDraft(lab.desired));
  await one.log.push();
  expect(await told()).toMatchObject({ commit: null, verified: false, boxes: [] });
});

it('a record that another key signed is told of, and not believed', async () => {
  const thief = await lab.host('builder1');
  await thief.log.append(someDraft(lab.desired, { boxes: [box('9')] }));
  await thief.log.push();
  expect(await told()).toMatchObject({ verified: false, boxes: [box('9')] });
});
