/**
 * `npm run demo`: the story of one host on this machine, with real Git, real Vagrant and a real guest. Everything lies in a
 * temporary folder and is gone at the end.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { BOX, GUEST, writeBoxes, writeFleet } from '../lab/desired-state.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';
import { banner, detail, fail, indented, step, under } from './show.ts';
import { HOST, Story } from './story.ts';

const OLD = '2022.2.17';
const NEW = '2022.2.24';
const SHIPPED = join(import.meta.dirname, '..', '..', 'desired-state');

const began = performance.now();
banner('Boxreeve: a merged commit becomes a running guest and a signed account');
const lab = await under(
  'opening a lab: a private VAGRANT_HOME, a network bridge, two small boxes made from this machine',
  openLab,
);
let scene: Scene | null = null;
try {
  scene = await newScene(lab, {
    host: HOST,
    secrets: { VSTS_TOKEN: 'demo-token-not-a-real-one' },
    poll: '30s',
  });
  await tell(lab, scene);
} catch (error) {
  fail(error);
  process.exitCode = 1;
} finally {
  await under('stopping the daemon, removing the guest, the boxes and the folder', async () => {
    await scene?.dispose();
    await lab.dispose();
  });
}
banner(`done in ${((performance.now() - began) / 1000).toFixed(0)} s; nothing is left running`);

async function tell(lab: Lab, scene: Scene): Promise<void> {
  const { repo, host } = scene;
  const story = new Story(lab, scene);

  step('an infra repo is made from desired-state/, and this host enrols in it');
  await declare(lab, scene);
  detail(`host.yaml: ${host.configFile}`);
  indented(readFileSync(host.configFile, 'utf8').replaceAll(scene.root, '…'));

  step('what would be done? (boxreeve plan)');
  indented((await host.boxreeve('plan')).stdout.replaceAll(scene.root, '…'));

  step('the daemon starts (boxreeve run), and makes the guest');
  host.daemon();
  await story.record(1, 'the first guest');
  indented(await story.inGuest('cat run.log; echo; grep . /etc/boxreeve-box'));

  step('a commit that changes init.sh is merged');
  const init = `desired-state/guests/${GUEST}/init.sh`;
  repo.write(
    init,
    `${readFileSync(join(repo.folder, init), 'utf8')}echo "tuned by the change of init.sh" >> /home/vagrant/run.log\n`,
  );
  await story.merge('Tune the node (#13062)');
  await story.record(2, 'the guest rebuilt');
  indented(await story.inGuest('tail -n 1 run.log'));

  step('a commit that bumps the box is merged');
  story.replaceInGuestFile(OLD, NEW);
  await story.merge(`Bump ${BOX} to ${NEW} (#13063)`);
  await story.record(3, 'the box fetched, checked and added, the guest rebuilt, the old box removed');
  indented((await lab.vagrant(['box', 'list'])).stdout);

  step('someone runs `vagrant destroy -f` behind its back');
  await story.destroy();
  writeFileSync(join(host.stateDir, 'trigger'), '');
  await story.record(4, 'the guest put right');

  step('a commit with a mistake is merged');
  story.replaceInGuestFile(NEW, '2022.02');
  await story.merge('Bump to a version that is not there (#13064)');
  await story.record(5, 'the commit refused');
  indented((await host.boxreeve('status')).stdout.replaceAll(scene.root, '…'));

  step('the account: the audit branch, verified by plain git');
  const signers = join(scene.root, 'allowed_signers');
  writeFileSync(signers, `${HOST} ${host.publicKey}\n`);
  detail(
    `git log --show-signature audit/${HOST}   (gpg.ssh.allowedSignersFile: one line, the host's public key)`,
  );
  const log = await execa(
    'git',
    [
      '-c',
      'gpg.format=ssh',
      '-c',
      `gpg.ssh.allowedSignersFile=${signers}`,
      'log',
      '--show-signature',
      '--stat',
      `audit/${HOST}`,
    ],
    { cwd: repo.url, all: true },
  );
  indented(log.all);
  const good = log.all
    .split('\n')
    .filter((line) => line.startsWith(`Good "git" signature for ${HOST} `)).length;
  if (good !== 5) throw new Error(`five good signatures were to be seen, and there are ${good}`);
  detail(`${good} commits, ${good} lines of \`Good "git" signature for ${HOST}\``);
  indented((await host.boxreeve('audit', 'verify')).stdout);
}

/** The shipped desired state, for this one host and the lab's provider. */
async function declare(lab: Lab, { repo, host }: Scene): Promise<void> {
  cpSync(SHIPPED, join(repo.folder, 'desired-state'), { recursive: true });
  for (const folder of ['hosts', 'boxes', 'guests', 'trust'])
    rmSync(join(repo.folder, 'desired-state', folder), { recursive: true });
  writeFleet(repo);
  writeBoxes(repo, { [OLD]: await lab.box({ label: OLD }), [NEW]: await lab.box({ label: NEW }) });
  cpSync(join(SHIPPED, 'guests', GUEST), join(repo.folder, 'desired-state', 'guests', GUEST), {
    recursive: true,
  });
  repo.write(
    `desired-state/hosts/${HOST}.yaml`,
    `kind: Host\nname: ${HOST}\nlabels: [lab]\nauditKey: ${host.publicKey}\nguests: [${GUEST}]\n`,
  );
  repo.write(
    `desired-state/guests/${GUEST}/guest.yaml`,
    `kind: Guest
name: ${GUEST}
box: { name: ${BOX}, version: ${OLD} }
provider: lxc
env: { GUEST_NAME: "{host}", PROVIDER: lxc }
secrets: [VSTS_TOKEN]
agent: { system: none }
probes:
  - { name: agent, run: "cat run.log", expect: "${HOST}" }
timeouts: { up: 2m, probe: 30s }
`,
  );
  await repo.merge('Declare builder1 and its guest (#13061)');
}
