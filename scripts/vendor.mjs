// Copies the browser libraries, fonts and icons that npm installed into
// web/vendor, where the program embeds them from. web/VENDOR.json records name,
// version, licence and SHA-256 of each file; a difference stops the script.
//
//   node scripts/vendor.mjs            copy, and check against the record
//   node scripts/vendor.mjs --record   copy, and write the record anew
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const target = join(root, 'web', 'vendor');
const recordPath = join(root, 'web', 'VENDOR.json');

/** Files copied as they are: package, path in the package, path in web/vendor. */
const copies = [
  ['htmx.org', 'dist/htmx.min.js', 'htmx.min.js'],
  ['htmx.org', 'dist/ext/hx-sse.min.js', 'hx-sse.min.js'],
  ['h3-js', 'dist/browser/h3-js.es.js', 'h3.js'],
  ['@fontsource/bricolage-grotesque', 'files/bricolage-grotesque-latin-700-normal.woff2', 'fonts/bricolage-700.woff2'],
  ['@fontsource-variable/instrument-sans', 'files/instrument-sans-latin-wght-normal.woff2', 'fonts/instrument.woff2'],
];

const modules = join(root, 'node_modules');
if (copies.some(([name]) => !existsSync(join(modules, name)))) {
  execFileSync('npm', ['ci', '--omit=dev', '--ignore-scripts'], { cwd: root, stdio: 'inherit' });
}

const manifest = (name) => JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
const record = [];

function place(name, path, bytes) {
  const to = join(target, path);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, bytes);
  const { version, license } = manifest(name);
  record.push({ file: path, package: name, version, licence: license, sha256: createHash('sha256').update(bytes).digest('hex') });
}

for (const [name, from, to] of copies) {
  let bytes = readFileSync(join(modules, name, from));
  // Source maps are not served, so the comments that ask for them go.
  if (to.endsWith('.js')) bytes = Buffer.from(bytes.toString('utf8').replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n'));
  place(name, to, bytes);
}
place('lucide-static', 'icons.svg', Buffer.from(sprite()));

/** One SVG file with a symbol for each name in web/icons.txt. */
function sprite() {
  const names = readFileSync(join(root, 'web', 'icons.txt'), 'utf8').split('\n').filter(Boolean);
  const symbols = names.map((name) => {
    const path = join(modules, 'lucide-static', 'icons', `${name}.svg`);
    if (!existsSync(path)) throw new Error(`web/icons.txt: lucide-static has no icon "${name}"`);
    const inner = readFileSync(path, 'utf8').replace(/<!--[\s\S]*?-->/g, '').replace(/^[\s\S]*?<svg[^>]*>/, '').replace(/<\/svg>\s*$/, '');
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, '')}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`;
}

const text = JSON.stringify(record, null, 2) + '\n';
if (process.argv.includes('--record')) {
  writeFileSync(recordPath, text);
} else if (!existsSync(recordPath) || readFileSync(recordPath, 'utf8') !== text) {
  console.error('web/vendor differs from web/VENDOR.json. If the change is wanted, run: node scripts/vendor.mjs --record');
  process.exit(1);
}
console.log(`web/vendor: ${record.length} files`);
