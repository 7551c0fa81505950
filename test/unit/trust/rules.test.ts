import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTrustScene, type Person, type TrustScene } from '../../lab/trust-scene.ts';

let scene: TrustScene;
let ada: Person;
let bo: Person;
let eve: Person;
let base: string;

beforeEach(async () => {
  scene = await openTrustScene(['ada', 'bo']);
  [ada, bo, eve] = [await scene.person('ada'), await scene.person('bo'), await scene.person('eve')];
});
afterEach(() => scene.dispose());

/** Puts rules on the branch, as the commit that the host goes by. */
async function rules(text: string): Promise<void> {
  scene.repo.write('desired-state/trust/rules.yaml', `kind: TrustRules\n${text}\n`);
  base = await scene.commit('Rules', ada);
  await scene.push();
  await scene.judge(scene.first);
}

function write(path: string, content = `${Math.random()}\n`): void {
  scene.repo.write(`desired-state/${path}`, content);
}

describe('who may change what', () => {
  beforeEach(() =>
    rules(`rules:
  - { paths: ["guests/*/init.sh", "hosts/"], approvers: [ada@example.org] }
  - { paths: ["hosts/builder8.yaml"], approvers: [bo@example.org] }`),
  );

  it('is an approver whom the rule for a path names', async () => {
    write('hosts/builder1.yaml');
    write('guests/one/init.sh');
    await scene.commit('Ada may', ada);
    write('hosts/builder8.yaml');
    write('guests/one/Vagrantfile');
    await scene.commit('Bo may', bo);
    await scene.push();
    await scene.judge(base);
  });

  it.each(['hosts/builder1.yaml', 'guests/one/init.sh'])('is no other approver, for %s', async (path) => {
    write(path);
    await scene.commit('Bo may not', bo);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(
      new RegExp(`is signed by bo@example.org and changes ${path}, which only ada@example.org may`),
    );
  });

  it('is told by the last rule for a path', async () => {
    write('hosts/builder8.yaml');
    await scene.commit('Ada may not', ada);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(
      /changes hosts\/builder8.yaml, which only bo@example.org may/,
    );
  });

  it('holds for taking a file away, for its mode and for moving it', async () => {
    write('hosts/builder1.yaml', 'x\n');
    base = await scene.commit('Ada', ada);
    for (const change of [
      () => scene.git('rm', '--quiet', 'desired-state/hosts/builder1.yaml'),
      () => scene.git('update-index', '--chmod=+x', 'desired-state/hosts/builder1.yaml'),
      () => scene.git('mv', 'desired-state/hosts/builder1.yaml', 'desired-state/elsewhere.yaml'),
    ]) {
      await scene.git('reset', '--quiet', '--hard', base);
      await change();
      await scene.git(
        '-c',
        'gpg.format=ssh',
        '-c',
        `user.signingkey=${bo.key}`,
        'commit',
        '--quiet',
        '-S',
        '-m',
        'Bo',
      );
      await scene.push();
      await expect(scene.judge(base)).rejects.toThrow(/changes hosts\/builder1.yaml/);
    }
  });

  it('is not escaped by the rules of the commit itself', async () => {
    scene.repo.remove('desired-state/trust/rules.yaml');
    write('hosts/builder1.yaml');
    await scene.commit('Bo lets himself', bo);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/changes hosts\/builder1.yaml/);
  });

  it('is not escaped by rules that nobody can read', async () => {
    write('trust/rules.yaml', 'rules: {\n');
    await scene.commit('Bo breaks them', bo);
    write('hosts/builder1.yaml');
    await scene.commit('And goes on', bo);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/changes hosts\/builder1.yaml/);
  });
});

describe('a merge', () => {
  beforeEach(async () => {
    await rules('rules: [{ paths: ["hosts/"], approvers: [ada@example.org] }]');
    write('hosts/one.yaml', 'one\n');
    write('hosts/two.yaml', 'two\n');
    base = await scene.commit('Hosts', ada);
    await scene.push();
  });

  it('of what someone may change is made by anyone who may sign', async () => {
    await scene.git('checkout', '--quiet', '-b', 'side');
    write('hosts/one.yaml');
    await scene.commit('Ada may', ada);
    await scene.git('checkout', '--quiet', '-');
    write('other.txt');
    await scene.commit('Meanwhile', bo);
    await scene.merge('side', bo);
    await scene.push();
    await scene.judge(base);
  });

  it('that slips in a change of its own is judged for that', async () => {
    await scene.git('checkout', '--quiet', '-b', 'side');
    write('other.txt');
    await scene.commit('Harmless', bo);
    await scene.git('checkout', '--quiet', '-');
    await scene.merge('side', bo, () => write('hosts/one.yaml', 'evil\n'));
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/changes hosts\/one.yaml, which only ada/);
  });

  it('that takes an old state of a file for the merged one is judged for that', async () => {
    await scene.git('checkout', '--quiet', '-b', 'side');
    write('other.txt');
    await scene.commit('Forked before', bo);
    await scene.git('checkout', '--quiet', '-');
    write('hosts/one.yaml', 'mended\n');
    await scene.commit('Mend it', ada);
    await scene.merge('side', bo, () => write('hosts/one.yaml', 'one\n'));
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/changes hosts\/one.yaml, which only ada/);
  });

  it('that names its parents the other way round is judged the same', async () => {
    write('hosts/one.yaml', 'mended\n');
    const mended = await scene.commit('Mend it', ada);
    await scene.git('checkout', '--quiet', '-b', 'side', base);
    write('other.txt');
    await scene.commit('Forked before', bo);
    await scene.merge(mended, bo, () => write('hosts/one.yaml', 'one\n'));
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/changes hosts\/one.yaml, which only ada/);
    await expect(scene.judge(mended)).rejects.toThrow(/changes hosts\/one.yaml, which only ada/);
  });

  it('brings in nothing by one who was an approver where it forked, and is none where it is merged', async () => {
    const only = (who: string) =>
      write('trust/rules.yaml', `rules: [{ paths: ["hosts/"], approvers: [${who}] }]\n`);
    scene.approvers(scene.line(ada), scene.line(bo), scene.line(eve));
    only('ada@example.org, eve@example.org');
    const withEve = await scene.commit('Let Eve in', ada);
    scene.approvers(scene.line(ada), scene.line(bo));
    only('ada@example.org');
    base = await scene.commit('Take Eve out', ada);
    await scene.git('checkout', '--quiet', '-b', 'side', withEve);
    write('hosts/one.yaml', 'evil\n');
    await scene.commit('Forked when she was', eve);
    await scene.git('checkout', '--quiet', '-b', 'main2', base);
    await scene.merge('side', bo);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/is signed by a key that no approver has/);
    // one who may change it answers for it
    await scene.git('reset', '--quiet', '--hard', base);
    await scene.merge('side', ada);
    await scene.push();
    await scene.judge(base);
  });
});

describe('a commit from before signatures were asked for', () => {
  it('is let in by nobody who merges it', async () => {
    scene.repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
    const open = await scene.commit('No signatures', ada);
    scene.repo.write('desired-state/fleet.yaml', 'kind: Fleet\ntrust: { requireSignedCommits: true }\n');
    base = await scene.commit('Signatures', ada);
    await scene.git('checkout', '--quiet', '-b', 'side', open);
    write('hosts/one.yaml', 'evil\n');
    await scene.commit('Unsigned', null);
    await scene.git('checkout', '--quiet', '-b', 'main2', base);
    await scene.merge('side', ada);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/is not signed/);
  });
});

describe('a change that takes two signatures', () => {
  beforeEach(async () => {
    await rules('rules: [{ paths: ["trust/", "fleet.yaml"], signatures: 2 }]');
  });

  async function letEveIn(by: Person): Promise<string> {
    scene.approvers(scene.line(ada), scene.line(bo), scene.line(eve));
    return scene.commit('Let Eve in', by);
  }

  it('is not followed with one', async () => {
    const change = await letEveIn(ada);
    await scene.commit('More', ada);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(
      `takes 2 signatures, and has that of ada@example.org: have another approver sign the merge that brings it in, or a commit after it with the line "Boxreeve-Approves: ${change}"`,
    );
  });

  it('is followed once another merges it', async () => {
    await scene.git('checkout', '--quiet', '-b', 'side');
    await letEveIn(ada);
    await scene.git('checkout', '--quiet', '-');
    await scene.merge('side', bo);
    await scene.push();
    await scene.judge(base);
  });

  it('is followed once another approves it by name, and not when he merely goes on', async () => {
    const change = await letEveIn(ada);
    await scene.commit('Something else', bo);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/takes 2 signatures/);
    await scene.commit(`Approve\n\nBoxreeve-Approves: ${change}`, bo);
    await scene.push();
    await scene.judge(base);
  });

  it('is not approved by whom it lets in, nor twice by one, nor by a stranger', async () => {
    const change = await letEveIn(ada);
    await scene.push();
    for (const by of [eve, ada]) {
      await scene.git('reset', '--quiet', '--hard', change);
      await scene.commit(`Approve\n\nBoxreeve-Approves: ${change}`, by);
      await scene.push();
      await expect(scene.judge(base)).rejects.toThrow(/takes 2 signatures, and has that of ada@example.org:/);
    }
  });

  it('counts one key once, whatever names it has', async () => {
    scene.approvers(scene.line(ada), scene.line(bo), `ada2@example.org namespaces="git" ${ada.publicKey}`);
    await scene.git('checkout', '--quiet', '-b', 'side');
    await scene.commit('A second name', ada);
    await scene.git('checkout', '--quiet', '-');
    base = await scene.merge('side', bo);
    const change = await letEveIn(ada);
    await scene.commit(`Approve\n\nBoxreeve-Approves: ${change}`, ada);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/takes 2 signatures/);
  });
});

describe('a forge', () => {
  let forge: Person;
  beforeEach(async () => {
    forge = await scene.person('forge');
    scene.approvers(scene.line(ada), scene.line(bo), scene.line(forge));
    await rules('forges: [forge@example.org]');
    await scene.git('checkout', '--quiet', '-b', 'side');
    write('hosts/one.yaml');
  });

  async function back(): Promise<void> {
    await scene.git('checkout', '--quiet', '-b', `main-${Math.random()}`, base);
    write('other.txt');
    await scene.commit('Meanwhile', bo);
  }

  it('may merge what an approver signed', async () => {
    await scene.commit('Signed', ada);
    await back();
    await scene.merge('side', forge);
    await scene.push();
    await scene.judge(base);
  });

  it('does not make up for a signature that is missing', async () => {
    await scene.commit('Unsigned', null);
    await back();
    await scene.merge('side', forge);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/is not signed/);
  });

  it('signs no commit of its own, as a squash or an edit in its web page is', async () => {
    await scene.commit('Squashed', forge);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(
      /by the forge forge@example.org, whose signature counts for merges alone/,
    );
  });

  it('brings in nothing of its own by a merge', async () => {
    await scene.commit('Signed', ada);
    await back();
    await scene.merge('side', forge, () => write('hosts/two.yaml', 'evil\n'));
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/that changes hosts\/two.yaml itself/);
  });

  it('lets in nobody who was an approver once', async () => {
    scene.approvers(scene.line(ada), scene.line(bo), scene.line(eve), scene.line(forge));
    const withEve = await scene.commit('Let Eve in', ada);
    scene.approvers(scene.line(ada), scene.line(bo), scene.line(forge));
    base = await scene.commit('Take Eve out', ada);
    await scene.git('checkout', '--quiet', '-b', 'old', withEve);
    write('hosts/one.yaml', 'evil\n');
    await scene.commit('Forked when she was', eve);
    await scene.git('checkout', '--quiet', '-b', 'main3', base);
    await scene.merge('old', forge);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/is signed by a key that no approver has/);
  });
});
