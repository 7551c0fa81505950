/** The records of one simulated host: what is durable on it, and what the server has of it. Only the newest is kept. */
import type { AuditRecord, RecordDraft } from '../../../reconciler/audit/record.ts';
import { type PushTurn, pushTurn } from '../../../reconciler/daemon/push-turn.ts';
import type { HostSpec } from '../../../reconciler/desired/spec.ts';
import { RemoteUnreachable } from '../../../reconciler/errors.ts';
import { wordIn } from '../../../reconciler/rollout/believe.ts';
import type { BuildFailure, Link } from './server.ts';

type Parts = {
  readonly host: string;
  readonly link: Link;
  readonly clock: () => number;
  /** In [0, 1). */
  readonly random: () => number;
};

export class Account {
  last: AuditRecord | null = null;
  /** Records made, and how many of them the server has. */
  private made = 0;
  private pushed = 0;
  private readonly byId = new Map<string, number>();
  private turn: PushTurn;
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
    this.turn = pushTurn(parts.clock, parts.random);
  }

  append(draft: RecordDraft): AuditRecord {
    if (this.last?.id === draft.id) return this.last;
    this.made += 1;
    const about = { apiVersion: 'boxreeve/v1', host: this.parts.host } as const;
    this.last = { ...about, sequence: this.made, previous: null, witness: {}, ...draft };
    this.byId.set(draft.id, (this.byId.get(draft.id) ?? 0) + 1);
    return this.last;
  }

  /** As the daemon does after each reconcile. @param failure what did not work on the host, whatever its records say */
  async tell(
    records: readonly AuditRecord[],
    spec: HostSpec | null,
    failure: () => BuildFailure | null,
  ): Promise<void> {
    this.turn.add(records, spec);
    const { last, made } = this;
    if (!this.turn.due() || this.isOnServer() || last === null) return;
    const { link, host } = this.parts;
    try {
      await link.request('record', () => link.server.publish(host, wordIn(last, once), failure()));
      this.pushed = made;
      this.turn.pushed();
    } catch (error) {
      if (!(error instanceof RemoteUnreachable)) throw error;
    }
  }

  /** The process died: what it meant to keep back is forgotten. */
  forgetTurn(): void {
    this.turn = pushTurn(this.parts.clock, this.parts.random);
  }

  isOnServer(): boolean {
    return this.pushed === this.made;
  }

  hasOne(id: string): boolean {
    return this.byId.get(id) === 1;
  }
}

const texts = new Map<string, string>();

/** Thousands of hosts say the same. */
function once(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size < 1000) texts.set(text, text);
  return text;
}
