/** Answers that never change, so many of them: the ones that were asked for longest ago are let go of. */
export class Kept<T> {
  private readonly most: number;
  private readonly all = new Map<string, T>();

  constructor(most: number) {
    this.most = most;
  }

  get(key: string): T | undefined {
    return this.all.get(key);
  }

  put(key: string, value: T): void {
    this.all.delete(key);
    this.all.set(key, value);
    const [oldest] = this.all.keys();
    if (this.all.size > this.most && oldest !== undefined) this.all.delete(oldest);
  }

  /** What fails is not kept. */
  async of(key: string, make: () => Promise<T>): Promise<T> {
    const found = this.all.get(key);
    if (found !== undefined) return found;
    const made = await make();
    this.put(key, made);
    return made;
  }
}
