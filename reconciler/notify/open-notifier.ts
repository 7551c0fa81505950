/** The real notifier of a host, and its targets. Loaded where a host may notify: most hosts of a fleet never do. */

import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { NotifyTarget } from '../desired/spec.ts';
import { LEASE_BRANCHES, NOTIFIER_BRANCH } from '../git/agreed-branches.ts';
import type { Mirror } from '../git/mirror.ts';
import type { HostConfig } from '../host-config.ts';
import type { Logger } from '../log.ts';
import type { Resumes } from '../rollout/resumes.ts';
import type { FleetWords } from '../rollout/words.ts';
import { openSecrets } from '../secrets/secret-sources.ts';
import { fleetNews } from './fleet-news.ts';
import { notifierBranch } from './git-ref.ts';
import type { Target } from './message.ts';
import { type RoundEnd, type RoundEvent, type RoundMemory, release, round } from './round.ts';
import { azureDevopsTarget } from './targets/azure-devops.ts';
import { emailTarget } from './targets/email.ts';
import type { TargetParts } from './targets/forge.ts';
import { githubTarget } from './targets/github.ts';
import { gitlabTarget } from './targets/gitlab.ts';
import { webhookTarget } from './targets/webhook.ts';

export type NotifierParts = {
  readonly config: HostConfig;
  /** The mirror's repository. */
  readonly gitDir: string;
  /** Bare repository for the records of others, for this alone. */
  readonly records: string;
  readonly mirror: Mirror;
  readonly words: Pick<FleetWords, 'words'>;
  readonly resumes: Pick<Resumes, 'given'>;
  readonly clock: Clock;
  readonly log: Logger;
};

export type Notifier = {
  /** Another text whenever something happened at the remote that might be told, as of the last poll. Throws RemoteUnreachable. */
  seen(signal: AbortSignal): Promise<string>;
  /**
   * Tells what there is to tell, if this host is the one that notifies. Throws RemoteUnreachable.
   *
   * @param followed the commit that hosts follow
   */
  round(followed: string, targets: readonly NotifyTarget[], signal: AbortSignal): Promise<RoundEnd>;
  /** Lets another host notify. Throws RemoteUnreachable. */
  release(): Promise<void>;
};

export function openNotifier(parts: NotifierParts): Notifier {
  const { config, gitDir, mirror, clock, log } = parts;
  const { name: host, signingKey } = config;
  const branch = { gitDir, remote: mirror.auditRemote, host, signingKey, now: clock.now };
  const ref = notifierBranch(branch);
  const news = fleetNews({ ...parts, path: config.path, now: clock.now });
  const memory: RoundMemory = { waits: new Map(), unsaved: null };
  const throttled: TargetParts['waits'] = new Map();
  return {
    seen: async (signal) => {
      await mirror.listBranches(signal);
      return seenOf(mirror.auditRefs());
    },
    round: (followed, wanted, signal) => {
      // read afresh each time: a token that was replaced on the host counts from the next round on
      const secrets = openSecrets(config);
      const by: TargetParts = { secret: secrets.value, clock, fetch, waits: throttled };
      const targets = wanted.map((target) => openTarget(by, config, target));
      return round({
        ...{ host, ref, targets, memory, signal },
        news: news({ followed, signal }),
        now: clock.now,
        newId: randomUUID,
        log: (event) => tellLog(log, event),
      });
    },
    release: () => release({ host, ref, newId: randomUUID }),
  };
}

function openTarget(parts: TargetParts, { sendmail }: HostConfig, target: NotifyTarget): Target {
  switch (target.to) {
    case 'github':
      return githubTarget(parts, target);
    case 'gitlab':
      return gitlabTarget(parts, target);
    case 'azure-devops':
      return azureDevopsTarget(parts, target);
    case 'webhook':
      return webhookTarget(parts, target);
    case 'email':
      return emailTarget(sendmail, parts.clock, target);
  }
}

/** Branches by which nothing is told: who may notify, and who has guests out of service. */
const NO_NEWS = [NOTIFIER_BRANCH, LEASE_BRANCHES];

function seenOf(refs: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [name, id] of refs)
    if (!NO_NEWS.some((prefix) => name.startsWith(prefix))) hash.update(`${name} ${id}\n`);
  return hash.digest('hex');
}

function tellLog(log: Logger, event: RoundEvent): void {
  switch (event.event) {
    case 'notifier-unreadable':
      log.error(
        event,
        'nobody is told anything: somebody wrote into the branch boxreeve/notifier; delete it there, and what happens from then on is told',
      );
      return;
    case 'notifier-lost':
      log.warn(event, 'another host notifies now, and tells once more what this one told last');
      return;
    case 'notifying-begun':
      log.info(event, 'this host notifies from now on');
      return;
    case 'told':
      log.debug(event, `${event.target} was told`);
      return;
    case 'passed-over':
      log.error(event, `${event.target} will not take a message, which is passed over: ${event.why}`);
      return;
    case 'not-told':
      log.warn(event, `${event.target} was not told, and is tried again: ${event.why}`);
  }
}
