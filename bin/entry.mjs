// What bin/boxreeve starts. It says in words what would be a syntax error on an old Node.
import { isNewEnough, WANTED } from './node-version.mjs';

if (isNewEnough(process.versions.node)) {
  await import('../dist/cli/main.js');
} else {
  process.stderr.write(
    `boxreeve needs Node ${WANTED}; ${process.execPath} is ${process.versions.node}.\n` +
      'In a checkout `npm ci` brings one. Otherwise put a newer one first on PATH.\n',
  );
  process.exitCode = 1;
}
