/** Hosts that fetch one file from a seed and from each other over links of one speed, in virtual time, by the real schedule. */
import type { ChunkList } from '../../../../reconciler/boxes/chunks/chunk-list.ts';
import { bitmapOf, setBit } from '../../../../reconciler/boxes/download/bitmap.ts';
import { type Run, Schedule } from '../../../../reconciler/boxes/download/schedule.ts';

/** One piece of time in milliseconds. */
const TICK = 10;
/** How long it lasts until a host hears what another has. */
const POLL = 500;
/** From asking to the first byte. */
const LATENCY = 20;
/** Runs that one source is asked for at a time. */
const LANES = 2;

type Flow = {
  readonly from: number;
  readonly to: number;
  readonly run: Run;
  startsAt: number;
  bytes: number;
};
type Node = { readonly schedule: Schedule; readonly have: Buffer; readonly sources: Map<number, number> };

export type Swarm = { readonly ms: number; readonly seedSent: number; readonly received: number };

/** @param rate of each host's link, both ways, in bytes a second; node 0 is the seed @param places of the hosts in the file; else evenly */
export function swarm(list: ChunkList, hosts: number, rate: number, places?: readonly number[]): Swarm {
  const nodes = Array.from({ length: hosts }, (_, index): Node => {
    const schedule = new Schedule(list, places?.[index] ?? index / hosts);
    const others = [0, ...Array.from({ length: hosts }, (_each, other) => other + 1)].filter(
      (n) => n !== index + 1,
    );
    const sources = new Map(others.map((other) => [other, schedule.addSource()]));
    schedule.has(sources.get(0) ?? -1, 'all');
    return { schedule, have: bitmapOf(list.count), sources };
  });
  const flows: Flow[] = [];
  const total = { seedSent: 0, received: 0 };
  let now = 0;
  for (; nodes.some(({ schedule }) => schedule.missing > 0); now += TICK) {
    if (now > 1e9) throw new Error('the swarm stands still');
    for (const [index, node] of nodes.entries()) {
      if ((now + index * 60) % POLL === 0) hear(node, nodes);
      ask(node, index + 1, flows, now);
    }
    move(flows, hosts, (rate * TICK) / 1000, now, (flow, bytes) => {
      if (flow.from === 0) total.seedSent += bytes;
      total.received += bytes;
      receive(flow, bytes, list, nodes[flow.to - 1], now);
    });
    for (const flow of flows.splice(0)) {
      const schedule = nodes[flow.to - 1]?.schedule;
      if (flow.run.next < flow.run.end) flows.push(flow);
      else schedule?.end(flow.run, now);
    }
  }
  return { ms: now, ...total };
}

function hear({ schedule, sources }: Node, nodes: readonly Node[]): void {
  for (const [other, source] of sources) {
    const have = nodes[other - 1]?.have;
    if (have !== undefined) schedule.has(source, Buffer.from(have));
  }
}

function ask({ schedule, sources }: Node, to: number, flows: Flow[], now: number): void {
  for (const [from, source] of sources) {
    for (let lanes = flows.filter((f) => f.from === from && f.to === to).length; lanes < LANES; lanes++) {
      const run = schedule.pick(source, now);
      if (run === null) break;
      flows.push({ from, to, run, startsAt: now + LATENCY, bytes: 0 });
    }
  }
}

/** Shares each link fairly among what goes over it (max-min). */
function move(
  flows: readonly Flow[],
  hosts: number,
  perLink: number,
  now: number,
  moved: (flow: Flow, bytes: number) => void,
): void {
  let open = flows.filter(({ startsAt }) => startsAt <= now);
  const links = { up: Array<number>(hosts + 1).fill(perLink), down: Array<number>(hosts + 1).fill(perLink) };
  const share = new Map<Flow, number>();
  while (open.length > 0) {
    const users = { up: Array<number>(hosts + 1).fill(0), down: Array<number>(hosts + 1).fill(0) };
    for (const { from, to } of open) {
      users.up[from] = (users.up[from] ?? 0) + 1;
      users.down[to] = (users.down[to] ?? 0) + 1;
    }
    const room = ({ from, to }: Flow) =>
      Math.min((links.up[from] ?? 0) / (users.up[from] ?? 1), (links.down[to] ?? 0) / (users.down[to] ?? 1));
    const least = Math.min(...open.map(room));
    const full = open.filter((flow) => room(flow) <= least * (1 + 1e-9));
    for (const flow of full) share.set(flow, least);
    for (const { from, to } of full) {
      links.up[from] = (links.up[from] ?? 0) - least;
      links.down[to] = (links.down[to] ?? 0) - least;
    }
    open = open.filter((flow) => !share.has(flow));
  }
  for (const [flow, bytes] of share) moved(flow, bytes);
}

function receive(flow: Flow, bytes: number, list: ChunkList, node: Node | undefined, now: number): void {
  flow.bytes += bytes;
  const { run } = flow;
  while (run.next < run.end && flow.bytes >= list.lengthAt(run.next)) {
    flow.bytes -= list.lengthAt(run.next);
    if (node !== undefined) setBit(node.have, run.next, true);
    node?.schedule.gave(run, run.next, now);
  }
}
