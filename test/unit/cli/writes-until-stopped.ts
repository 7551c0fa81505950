/** A program for stop-on-signals.test.ts: file, and for how many milliseconds to go on when told to stop. */
import { setTimeout as wait } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import { stopOnSignals } from '../../../reconciler/cli/with-host.ts';

const [file = '', goesOnFor = '0'] = process.argv.slice(2);
const signal = stopOnSignals();
console.log('writes');
while (!signal.aborted) await writeFileAtomic(file, 'x'.repeat(100_000));
console.log('told to stop');
await wait(Number(goesOnFor));
console.log('came to its end');
