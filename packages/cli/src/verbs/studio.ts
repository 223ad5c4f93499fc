/** `mien studio`: the page where photographs are read. */
import type { Command } from 'commander';
export function addStudioVerb(program: Command): void {
  program.command('studio');
}
