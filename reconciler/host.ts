/** The one place where the real parts are put together. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { lookForJob } from './agents/look-for-job.ts';
import { type AgentParts, makeAgent } from './agents/make-agent.ts';
import { applyActions } from './apply/apply.ts';
import { endSurvivors } from './apply/end-tree.ts';
import { probeGuest } from './apply/probes.ts';
import { realVagrant } from './apply/vagrant.ts';
import { openOutbox } from './audit/outbox.ts';
import { openReserve } from './audit/reserve.ts';
import { openBoxes } from './boxes/open-boxes.ts';
import { peerGate } from './boxes/peers/authorized-keys.ts';
import { iso, systemClock } from './clock.ts';
import { rebootHost } from './daemon/reboot.ts';
import { remoteContact } from './daemon/remote-contact.ts';
import { keyItself } from './desired/public-key.ts';
import type { HostSpec } from './desired/spec.ts';
import { specCache } from './desired/spec-cache.ts';
import { InvalidHostConfig, SecretUnavailable } from './errors.ts';
import type { Subject } from './exposure/examine.ts';
import { exposureOf } from './exposure/exposure.ts';
import { openMirror } from './git/mirror.ts';
import type { HostConfig } from './host-config.ts';
import type { Host } from './host-ports.ts';
import { openRecords } from './host-records.ts';
import type { Logger } from './log.ts';
import { readBootId } from './observed/boot.ts';
import { emptyMemory, guestIn, type MemoryStore } from './observed/memory.ts';
import { type OpenedMemory, openMemory, peekMemory } from './observed/memory-store.ts';
import { indexSnapshot, mendMachineIndex } from './observed/mend-machine-index.ts';
import { observe } from './observed/observe.ts';
import { askMachine, providerVersion } from './observed/providers.ts';
import { createRedactor, type Redactor } from './secrets/redactor.ts';
import { openSecrets } from './secrets/secret-sources.ts';
import { stateDirLayout } from './state-dir.ts';
import { openTrustCheck } from './trust/trust.ts';
import { VERSION } from './version.ts';

/**
 * Opens this host for work; the caller holds its lock, unless it only looks.
 *
 * @param readOnly nothing of the host's own state is changed, tidied or mended
 */
export async function openHost(config: HostConfig, log: Logger, readOnly = false): Promise<Host> {
  // first of all: it takes secrets out of the environment
  openSecrets(config);
  const dirs = stateDirLayout(config.stateDir, config.boxesDir);
  const clock = systemClock;
  for (const folder of [dirs.root, dirs.guests]) await mkdir(folder, { recursive: true, mode: 0o700 });
  // what is in it, other hosts may read
  await mkdir(dirs.boxes, { recursive: true, mode: 0o755 });
  const repairs: string[] = [];
  const memory = readOnly
    ? frozenMemory(dirs.memory, config.name)
    : await openMemory(dirs.memory, config.name, clock);
  if (memory.warning !== null) {
    log.error({ event: 'memory-unusable' }, memory.warning);
    repairs.push(memory.warning);
  }
  const { name, path } = config;
  const mirror = await openMirror({
    gitDir: dirs.mirror,
    remote: config.repo,
    branch: config.branch,
    path,
    log,
    alone: !readOnly,
  });
  const specs = specCache(mirror, path, name);
  const reserve = openReserve(dirs.reserve);
  const publicKey = readOnly ? null : await publicKeyOf(config.signingKey);
  /** With every value that can be had at this moment. */
  const redactorNow = async () => createRedactor(await openSecrets(config).available());
  const redact = async (text: string) => (text === '' ? '' : (await redactorNow()).text(text));
  const agentParts: AgentParts = { secret: (secret) => openSecrets(config).value(secret), redact, log };
  const vagrant = realVagrant({ config, log, mendIndex: mend });
  const commit = () => memory.read().applied?.commit ?? null;
  const records = openRecords({
    config,
    dirs,
    log,
    mirror,
    specs,
    publicKey,
    reserve,
    memory,
    clock,
    commit,
  });
  let versions: Promise<string | null> | null = null;
  const boxes = openBoxes({ config, dirs, log, mirror, commit, pattern: specs.auditPattern });

  /** Puts a damaged machine index right before anything is looked at: until then Vagrant is of no use on this host. */
  async function mend(): Promise<boolean> {
    const folders = Object.keys(memory.read().guests).map(dirs.guest);
    const mended = await mendMachineIndex(config.vagrantHome, indexSnapshot(dirs), folders, clock);
    if (mended.state !== 'mended') return false;
    log.warn({ event: 'index-mended' }, mended.note);
    repairs.push(mended.note);
    return true;
  }

  async function lookInto(subjects: readonly Subject[]) {
    const { examine } = await import('./exposure/examine.ts');
    return examine(subjects, { vagrantHome: config.vagrantHome });
  }

  return {
    name,
    clock,
    log,
    ...records,
    memory,
    trust: openTrustCheck({
      gitDir: dirs.mirror,
      path,
      firstCommit: config.firstCommit,
      firstKey: config.firstKey,
      revokedKeys: config.revokedKeys,
      now: clock.now,
    }),
    outbox: openOutbox(dirs.outbox, reserve, () => iso(clock.now())),
    contact: remoteContact(clock, Math.random),
    gaveUp: new Map(),
    admitPeers: peerGate({ config, gitDir: dirs.mirror, mirror, file: dirs.peerKeys, log }),
    catalogued: async (commit, wanted) => {
      const { cataloguedBox } = await import('./desired/catalogued-box.ts');
      return cataloguedBox(mirror.tree(commit), path, wanted);
    },
    observe: async (spec, commit) => {
      if (!readOnly) await mend();
      const lineChanges = (guest: string, from: string) =>
        mirror.lineChanges(from, commit, `${path}/guests/${guest}`);
      return observe({ config, dirs, memory: memory.read(), lineChanges }, spec);
    },
    apply: async (actions, attempt, signal) => {
      // read afresh each time: a token that was replaced on the host counts from the next change on
      const secrets = openSecrets(config);
      const redactor = createRedactor(await secrets.available());
      return applyActions(actions, attempt, signal, {
        config,
        dirs,
        clock,
        log,
        memory,
        vagrant,
        newId: randomUUID,
        redactor,
        secret: async (secret) => masked(secret, await secrets.value(secret), redactor),
        blob: mirror.blob,
        askMachine,
        examine: async (guest, ssh) => exposureOf(await lookInto([{ guest, ssh }]), guest),
        fetch: boxes.fetch,
      });
    },
    probe: async (guest) => {
      const built = guestIn(memory.read(), guest)?.built;
      if (!built) return [];
      const { probes, timeouts } = built.spec;
      const probed = await probeGuest(guest, built.ssh, probes, timeouts.probe, {
        clock,
        redactor: await redactorNow(),
      });
      if (probed.state === 'reached') return probed.probes;
      return [{ guest, name: 'ssh', ok: false, detail: probed.why, durationMs: 0 }];
    },
    examine: (guests) =>
      lookInto(
        guests.flatMap((guest) => {
          const ssh = memory.read().guests[guest]?.built?.ssh;
          return ssh === undefined ? [] : [{ guest, ssh }];
        }),
      ),
    agent: (spec) => makeAgent(spec, agentParts),
    versions: async () => {
      versions ??= vagrant.version();
      return { boxreeve: VERSION, vagrant: await versions, providers: await providerVersions(memory) };
    },
    witness: (guest) => lookForJob(guestIn(memory.read(), guest)?.built ?? null, redact),
    endSurvivors,
    takeRepairs: () => repairs.splice(0),
    maintain: () =>
      mirror.maintain().catch((error: unknown) => log.warn({ event: 'maintenance-failed' }, String(error))),
    newId: randomUUID,
    bootId: readBootId,
    reboot: async (signal) => redact(await rebootHost(config.rebootCommand, clock, signal)),
    assertSigner: ({ commit, spec }) => {
      if (publicKey !== null) assertNamed(config, publicKey, commit, spec);
    },
    assertCanRecord: async () => {
      await publicKeyOf(config.signingKey);
      // takes up the chain the remote has, if this host has none: afterwards may be too late
      await records.audit.last();
    },
  };
}

/** A value that came only after the redactor was made would be shown: it is not used. */
function masked(name: string, value: string, redactor: Redactor): string {
  if (!redactor.text(value).includes(value)) return value;
  throw new SecretUnavailable(
    `secret ${name} could not be had a moment ago, and can now; the next run uses it`,
  );
}

/** For a process that only looks: what a daemon beside it remembers, as it stands now. */
function frozenMemory(file: string, host: string): OpenedMemory {
  const memory = peekMemory(file, host) ?? emptyMemory(host);
  const refuse = () => Promise.reject(new Error('this command only looks'));
  return { read: () => memory, update: refuse, updateGuest: refuse, warning: null };
}

async function providerVersions(memory: MemoryStore): Promise<Record<string, string>> {
  const guests = Object.values(memory.read().guests);
  const names = new Set(
    guests.flatMap(({ built, good }) => [built, good].flatMap((each) => each?.spec.provider ?? [])),
  );
  const found = await Promise.all(
    [...names].map(async (name) => [name, await providerVersion(name)] as const),
  );
  return Object.fromEntries(found.flatMap(([name, version]) => (version === null ? [] : [[name, version]])));
}

/** Also for a host that is enrolled just now: until its own key is merged, its records would be nobody's. */
function assertNamed(config: HostConfig, publicKey: string, commit: string, spec: HostSpec): void {
  const { auditKey, nextAuditKey } = spec;
  if ([auditKey, nextAuditKey].some((key) => key !== null && keyItself(key) === keyItself(publicKey))) return;
  const file = `${config.path}/hosts/${config.name}.yaml`;
  throw new InvalidHostConfig(
    `signingKey ${config.signingKey} is neither auditKey nor nextAuditKey of ${file} at ${commit.slice(0, 7)}, so nobody would believe ` +
      `what this host records: nothing is changed. Name the right key in host.yaml, or have this one merged as nextAuditKey: ${keyItself(publicKey)}`,
  );
}

/** Nothing may be done that cannot be signed for. Throws InvalidHostConfig. */
async function publicKeyOf(signingKey: string): Promise<string> {
  const { execa } = await import('execa');
  const run = await execa('ssh-keygen', ['-y', '-P', '', '-f', signingKey], {
    reject: false,
    stdin: 'ignore',
    timeout: 10_000,
  });
  if (run.exitCode === 0) return run.stdout.trim();
  throw new InvalidHostConfig(
    `signingKey ${signingKey} cannot be used: ${run.stderr.trim() || 'ssh-keygen cannot be run'}. It must be a private key without a passphrase, readable by this user alone: ssh-keygen -t ed25519 -N '' -f ${signingKey}`,
  );
}
