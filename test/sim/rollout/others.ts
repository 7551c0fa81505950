/** What one simulated host hears of the others. */
import type { HostWord } from '../../../reconciler/rollout/progress.ts';
import type { FleetWords } from '../../../reconciler/rollout/words.ts';
import type { Link } from './server.ts';
import type { Release, Story } from './story.ts';

const SILENT: HostWord = { state: 'silent', why: 'has no record on the remote' };
/** Of a larger fleet each host would remember what all said, and what is left of it when the remote is away is not worth that. */
const MOST_REMEMBERED = 200;

export class Others {
  /** Changes that were halted when this process last asked. */
  halted: ReadonlySet<string> = new Set();
  private heard: ReadonlyMap<string, HostWord> = new Map();
  private askedAt = 0;
  private askedMost = 0;
  private readonly link: Link;
  private readonly story: Story;
  private readonly release: (commit: string) => Release;

  constructor(link: Link, story: Story, release: (commit: string) => Release) {
    this.link = link;
    this.story = story;
    this.release = release;
  }

  words(): FleetWords {
    return {
      facts: async (commit) => this.release(commit).facts,
      words: async (_facts, hosts) => {
        const heard = await this.link.request('read', () => this.ask(hosts));
        if (this.story.hosts.length <= MOST_REMEMBERED) this.heard = new Map([...this.heard, ...heard]);
        return heard;
      },
      lastWords: (_facts, hosts) => new Map(hosts.map((other) => [other, this.heard.get(other) ?? SILENT])),
    };
  }

  /** The process died. */
  forget(): void {
    this.heard = new Map();
  }

  private ask(hosts: readonly string[]): ReadonlyMap<string, HostWord> {
    const { server } = this.link;
    const changes = this.story.releases.map(({ guest }) => guest.fingerprint);
    this.halted = new Set(changes.filter((change) => server.isHalted(change)));
    this.countRead(hosts);
    const words = new Map<string, HostWord>();
    for (const other of hosts) words.set(other, server.words.get(other) ?? SILENT);
    return words;
  }

  /** What moved since it asked last, or whom it never asked before. */
  private countRead(hosts: readonly string[]): void {
    const { publishedAt, traffic } = this.link.server;
    const moved = hosts.filter((other) => (publishedAt.get(other) ?? 0) > this.askedAt).length;
    traffic.recordsRead += Math.max(moved, hosts.length - this.askedMost);
    this.askedAt = this.link.now();
    this.askedMost = Math.max(this.askedMost, hosts.length);
  }
}
