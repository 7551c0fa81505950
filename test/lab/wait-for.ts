/** Waits until something is so; throws after a generous time, saying what never came. Asks often, judges nothing else. */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
): Promise<T> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`waited two minutes, and it never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
