import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { withLock } from '../../../infra/delivery/git/lock.ts';
import { realTiming } from '../../../infra/delivery/git/timing.ts';

/** Takes the lock `times` times and writes to the log when it has it and when it lets go. */
const [file = '', log = '', times = '1', hold = '0'] = process.argv.slice(2);
for (let turn = 0; turn < Number(times); turn += 1)
  await withLock(file, 'main', { timing: realTiming(), patience: 60_000 }, async () => {
    appendFileSync(log, `in ${process.pid}\n`);
    await setTimeout(Number(hold));
    appendFileSync(log, `out ${process.pid}\n`);
  });
