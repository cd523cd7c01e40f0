// Writes the tables of docs/providers.md from the rows in plugins/providers/catalog:
//
//   node scripts/providers-table.mjs            rewrites the tables
//   node scripts/providers-table.mjs --check    fails if the page is not what it would write
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const catalog = join(root, 'plugins', 'providers', 'catalog');
const page = join(root, 'docs', 'providers.md');
const rows = readdirSync(catalog)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(catalog, name), 'utf8')));

const code = (text) => `\`${text}\``;
const cell = (text) => text.replaceAll('|', '\\|');

function line(row) {
  const spoken = [...Object.keys(row.formats), ...Object.keys(row.adapters ?? {})];
  const variables = Object.entries(row.variables ?? {}).map(([name, { default: fallback, cases }]) =>
    fallback === undefined && cases === undefined ? `${code(name)}*` : code(name),
  );
  const cells = [
    `[${row.name}](${row.docs})`,
    code(row.id),
    row.keyEnv.map(code).join(' '),
    spoken.length === 0 ? 'its own, not translated' : spoken.join(', '),
    row.signer,
    variables.join(' '),
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

const table = [
  '| provider | id | key variable | wire formats, adapters | signer | variables |',
  '| --- | --- | --- | --- | --- | --- |',
  ...rows.map(line),
  '',
].join('\n');

/** One line for each variable that several rows have in common. */
function variableTable() {
  const lines = new Map();
  for (const { id, variables = {} } of rows) {
    for (const [name, variable] of Object.entries(variables)) {
      const same = `${name} ${JSON.stringify(variable)}`;
      const known = lines.get(same) ?? { name, variable, ids: [] };
      known.ids.push(id);
      lines.set(same, known);
    }
  }
  return [
    '| variable | of | what | environment | default |',
    '| --- | --- | --- | --- | --- |',
    ...[...lines.values()].map(({ name, variable, ids }) => {
      const cells = [
        code(name),
        ids.map(code).join(' '),
        variable.description,
        (variable.env ?? []).map(code).join(' '),
        variable.default === undefined ? '*must be set*' : code(variable.default),
      ];
      return `| ${cells.map(cell).join(' | ')} |`;
    }),
    '',
  ].join('\n');
}

function between(text, name, inside) {
  const [start, end] = [`<!-- ${name}:start -->\n`, `<!-- ${name}:end -->`];
  const [before, rest] = text.split(start);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${page} has no ${start.trim()} … ${end}`);
  return before + start + inside + end + after;
}

const text = readFileSync(page, 'utf8');
const withVariables = between(text, 'variables', variableTable());
const wanted = between(withVariables, 'providers', `${rows.length} providers.\n\n${table}`);
if (!process.argv.includes('--check')) writeFileSync(page, wanted);
else if (wanted !== text) {
  console.error('docs/providers.md is not current: run node scripts/providers-table.mjs');
  process.exit(1);
}
