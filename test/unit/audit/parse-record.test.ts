import { expect, it } from 'vitest';
import { parseRecord } from '../../../reconciler/audit/parse-record.ts';

it('what is no JSON is refused in one line, whatever is in it', async () => {
  const parsed = await parseRecord(Buffer.from('}\n\u001b[2Jx'));
  expect(parsed.ok || parsed.why).toMatch(/^is no JSON: .+$/);
  expect(parsed.ok || parsed.why).not.toContain('\u001b');
});
