/** Virtual time for many hosts at once: tasks that wait, resumed one at a time in the order of what they wait for. */
type Event = { readonly at: number; readonly order: number; readonly resume: () => void };

export class Timeline {
  /** True time, ms since the epoch. */
  now: number;
  private readonly events = new Queue();
  private begun = 0;
  private failure: unknown = null;
  /** Called when the task that runs waits or ends. */
  private yielded: () => void = () => undefined;

  constructor(begin: number) {
    this.now = begin;
  }

  /** Begins a task at an instant. What it throws ends the simulation. */
  begin(at: number, task: () => Promise<void>): void {
    this.push(at, () => {
      task().then(
        () => this.yielded(),
        (error: unknown) => {
          this.failure ??= error;
          this.yielded();
        },
      );
    });
  }

  /** For the task that runs: others go on meanwhile. */
  wait(ms: number): Promise<void> {
    return new Promise((resume) => {
      this.push(this.now + Math.max(0, ms), resume);
      this.yielded();
    });
  }

  /** Until an instant, until nothing waits any more, or until `isOver`. */
  async run(end: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const next = this.events.take();
      if (next === null || next.at > end) return;
      this.now = next.at;
      await new Promise<void>((resolve) => {
        this.yielded = resolve;
        next.resume();
      });
      if (this.failure !== null) throw this.failure;
    }
  }

  private push(at: number, resume: () => void): void {
    this.begun += 1;
    this.events.add({ at, order: this.begun, resume });
  }
}

/** A binary heap. */
class Queue {
  private readonly heap: Event[] = [];

  add(event: Event): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  take(): Event | null {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length > 0) this.sink(last);
    return first;
  }

  private sink(event: Event): void {
    const { heap } = this;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (!isBefore(child, event)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = event;
  }
}

/** What was pushed first goes first: the order does not depend on the heap. */
function isBefore(one: Event, other: Event): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}
