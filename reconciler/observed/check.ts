/** Checks of data from outside that tell the compiler what was checked. A form that misses a field does not compile. */

export type Check<T> = (value: unknown) => value is T;

export const isString: Check<string> = (value) => typeof value === 'string';
/** JSON has 1e999, which reads as infinite, and is written as null: no number that is kept. */
export const isNumber: Check<number> = (value): value is number =>
  typeof value === 'number' && Number.isFinite(value);
export const isBoolean: Check<boolean> = (value) => typeof value === 'boolean';

/** ISO 8601, or what else `Date` can read. */
export const isTime: Check<string> = (value): value is string =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value));

export function isOneOf<const T extends string | number>(...allowed: readonly T[]): Check<T> {
  return (value): value is T => allowed.some((each) => each === value);
}

export function orNull<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value);
}

/** A field that may be left out: what older files do not have. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value): value is T | undefined => value === undefined || check(value);
}

export function either<A, B>(first: Check<A>, second: Check<B>): Check<A | B> {
  return (value): value is A | B => first(value) || second(value);
}

export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(check);
}

export function recordOf<T>(check: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(check);
}

/** An object with at least these fields; further ones, of a later version, are let be. */
export function objectOf<T extends object>(fields: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries<Check<unknown>>(fields).every(([name, check]) =>
      check(Object.getOwnPropertyDescriptor(value, name)?.value),
    );
}

/** What a file says; null: it is no JSON in UTF-8, or of another form. */
export function readAs<T>(check: Check<T>, bytes: Buffer): T | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return check(value) ? value : null;
  } catch {
    return null;
  }
}
