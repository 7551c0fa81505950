import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../reconciler/clock.ts';
import { parseCron } from '../../../reconciler/gate/cron.ts';

function dates(text: string, year: number): string[] {
  const { onDay } = parseCron(text);
  const first = Date.UTC(year, 0, 1) / DAY;
  const days = Array.from(
    { length: (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / DAY },
    (_, at) => first + at,
  );
  return days.filter(onDay).map((day) => new Date(day * DAY).toISOString().slice(5, 10));
}

describe('a cron expression', () => {
  it('comes at each of its minutes of each of its hours', () => {
    const times = parseCron('*/20 8-12/2,22 * * *').times;
    const hours = [8, 10, 12, 22];
    expect(times).toEqual(
      hours.flatMap((hour) => [0, 20, 40].map((minute) => hour * HOUR + minute * MINUTE)),
    );
  });

  it('comes on days that fit both fields where one of them is free', () => {
    expect(dates('0 0 1 * *', 2026)).toHaveLength(12);
    expect(dates('0 0 * feb MON', 2026)).toEqual(['02-02', '02-09', '02-16', '02-23']);
    expect(dates('0 0 29 2 *', 2027)).toEqual([]);
    expect(dates('0 0 29 2 *', 2028)).toEqual(['02-29']);
  });

  it('comes on days that fit either field where both are restricted, as in every cron', () => {
    expect(dates('0 0 13 2 5', 2026)).toEqual(['02-06', '02-13', '02-20', '02-27']);
    expect(dates('0 0 1 2 5', 2026)).toEqual(['02-01', '02-06', '02-13', '02-20', '02-27']);
  });

  it('takes 0 and 7 for Sunday', () => {
    expect(dates('0 0 * 2 7', 2026)).toEqual(dates('0 0 * 2 0', 2026));
    expect(dates('0 0 * 2 6-7', 2026)).toEqual(dates('0 0 * 2 sat,sun', 2026));
  });

  it.each([
    ['0 22 * *', 'it must have five fields (minute, hour, day, month, day of the week), not 4'],
    ['60 22 * * *', 'minute "60" is not made of 0 to 59'],
    ['0 -1 * * *', 'hour "-1" is not made of 0 to 23'],
    ['0 1,, * * *', 'hour "" is not made of 0 to 23'],
    ['0 1-2-3 * * *', 'hour "1-2-3" is not made of 0 to 23'],
    ['0 5-2 * * *', 'hour "5-2" ends before it begins'],
    ['*/0 2 * * *', 'minute "*/0" is not made of 0 to 59'],
    ['5/15 2 * * *', 'minute "5/15" has a step and no range: write 5-59/15'],
    ['0 2 0 * *', 'day "0" is not made of 1 to 31'],
    ['0 2 * smarch *', 'month "smarch" is not made of 1 to 12, or jan to dec'],
    ['0 2 * * 8', 'day of the week "8" is not made of 0 to 7, or sun to sat'],
    ['0 2 * * *-5', 'day of the week "*-5" is not made of 0 to 7, or sun to sat'],
    ['0 2 31 feb,apr *', 'no year has such a day'],
    ['@daily', 'it must have five fields (minute, hour, day, month, day of the week), not 1'],
  ])('may not be %s', (text, problem) => {
    expect(() => parseCron(text)).toThrow(new RangeError(problem));
  });
});
