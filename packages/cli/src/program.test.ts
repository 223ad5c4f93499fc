import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram, verbNames } from './program.ts';

/** What `command --help` writes. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

/** The commands that do something, with what is typed before them. */
function verbsOf(command: Command, before = 'mien'): { typed: string; command: Command }[] {
  const typed = `${before} ${command.name()}`;
  const below = command.commands.flatMap((verb) => verbsOf(verb, typed));
  // `mien label` labels, `mien label query` asks: both are verbs.
  const acts = below.length === 0 || command.registeredArguments.length > 0;
  return acts ? [{ typed, command }, ...below] : below;
}

test('the help of every verb has an example that types it', async () => {
  const programs = await Promise.all(verbNames.map((name) => createProgram([name])));
  const verbs = programs.flatMap((program) => program.commands.flatMap((command) => verbsOf(command)));
  expect(verbs.length).toBeGreaterThan(20);
  const missing = verbs.filter(({ typed, command }) => !(helpOf(command).split(/Examples?:/)[1] ?? '').includes(typed)).map(({ typed }) => typed);
  expect(missing).toEqual([]);
});

test('a verb is loaded alone', async () => {
  for (const words of [
    ['predict', 'photo.jpg'],
    ['predict', '--help'],
    ['help', 'predict'],
    ['--', 'predict', 'photo.jpg'],
  ]) {
    const { commands } = await createProgram(words);
    expect(commands.map((command) => command.name())).toEqual(['predict']);
    expect(commands[0]!.description()).toContain('faces');
    expect(commands[0]!.registeredArguments).toHaveLength(1);
  }
});

test('what names no verb gets the outline of all', async () => {
  for (const words of [[], ['--help'], ['help'], ['toString'], ['predct', 'photo.jpg']]) {
    const { commands } = await createProgram(words);
    expect(commands.map((command) => command.name())).toEqual(verbNames);
    expect(commands.map((command) => command.description())).not.toContain('');
  }
});
