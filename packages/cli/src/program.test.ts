import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram } from './program.ts';

/** What `command --help` writes. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

/** The commands that do something, with what is typed before them. */
function verbsOf(command: Command, before = ''): { typed: string; command: Command }[] {
  const typed = `${before} ${command.name()}`.trim();
  const below = command.commands.flatMap((verb) => verbsOf(verb, typed));
  // `mien label` labels, `mien label query` asks: both are verbs.
  const acts = below.length === 0 || command.registeredArguments.length > 0;
  return acts ? [{ typed, command }, ...below] : below;
}

test('the help of every verb has an example that types it', async () => {
  const verbs = verbsOf(await createProgram());
  expect(verbs.length).toBeGreaterThan(20);
  const missing = verbs.filter(({ typed, command }) => !(helpOf(command).split(/Examples?:/)[1] ?? '').includes(typed)).map(({ typed }) => typed);
  expect(missing).toEqual([]);
});

test('a verb is loaded alone', async () => {
  expect((await createProgram('predict')).commands.map((command) => command.name())).toEqual(['predict']);
  expect((await createProgram('toString')).commands.length).toBeGreaterThan(10);
});
