/** The page of commands, from the program that runs them. */
import { cell } from './schema-page.mjs';

/** @param program commander's program object, every command in it */
export function commandSections(program) {
  const lines = ['# Commands', '', program.description(), '', ...usageOf(program, program.name())];
  for (const command of leavesOf(program)) {
    lines.push(`## \`${command.path}\``, '', sentence(command.command.description()), '');
    lines.push(...usageOf(command.command, command.path));
  }
  return lines.join('\n');
}

function leavesOf(command, above = command.name()) {
  return command.commands
    .filter((sub) => sub.name() !== 'help')
    .flatMap((sub) => {
      const path = `${above} ${sub.name()}`;
      return sub.commands.length > 0 ? leavesOf(sub, path) : [{ command: sub, path }];
    });
}

function usageOf(command, path) {
  const lines = [];
  const isWhole = command.commands.length > 0;
  if (!isWhole) {
    const words = command.registeredArguments.map((it) =>
      it.required ? `<${it.name()}>` : `[${it.name()}]`,
    );
    lines.push('```', [path, '[options]', ...words].join(' '), '```', '');
  }
  const rows = [
    ...command.registeredArguments.map((it) => [
      it.required ? `<${it.name()}>` : `[${it.name()}]`,
      it.description,
    ]),
    ...command.options.filter((it) => !it.hidden).map((it) => [it.flags, described(it)]),
  ];
  if (rows.length > 0) {
    lines.push('| argument | meaning |', '| --- | --- |');
    lines.push(...rows.map(([name, meaning]) => `| \`${cell(name)}\` | ${cell(meaning ?? '')} |`), '');
  }
  const after = textAfter(command);
  if (after !== '') lines.push('```text', after, '```', '');
  return lines;
}

function described(option) {
  const fallback = option.defaultValueDescription ?? option.defaultValue;
  const known = fallback === undefined || fallback === false;
  return `${option.description}${known ? '' : ` (default: ${fallback})`}`;
}

/** What a command adds below its help, such as its example: commander hands it out only as it prints. */
function textAfter(command) {
  let text = '';
  command.emit('afterHelp', { error: false, command, write: (chunk) => (text += chunk) });
  return text.trim();
}

function sentence(text) {
  const end = /[.!?]$/.test(text) ? '' : '.';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`;
}
