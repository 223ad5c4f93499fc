/** `mien`: what the process does with its streams, errors and exit codes. */
import { UserError } from '@mien/runtime';
import { CommanderError } from 'commander';
import { createProgram } from './program.ts';

// `mien predict … | head` closes our output early; that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  const program = await createProgram(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof UserError) {
    process.stderr.write(`mien: ${error.message}\n`);
    process.exitCode = 2;
  } else {
    process.stderr.write(`mien: this is a bug in Mien; please report it.\n${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  }
}
