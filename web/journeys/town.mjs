// The demo town as a program of its own, for the journeys: on its own ports,
// with a data folder that is thrown away afterwards.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const program = join(root, 'bin', 'nearby');
export const password = 'portmere-demo';

/** Debian's Chromium, its lighter headless build first, and what keeps it from looking for the rest of the world. */
export const chromium = process.env.CHROME_PATH ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find((path) => existsSync(path));
export const chromiumArgs = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/** A new empty folder for a town's data. */
export const newFolder = () => mkdtempSync(join(tmpdir(), 'nearby-journeys-'));

/** Removes a folder made by newFolder. */
export const removeFolder = (folder) => rmSync(folder, { recursive: true, force: true });

/** The settings of a town with its data in folder, listening on three ports. */
export const settings = (folder, [site, api, control]) => ({
  NEARBY_DATA_DIR: folder,
  NEARBY_ADDR: `127.0.0.1:${site}`,
  NEARBY_ADMIN_ADDR: '',
  NEARBY_SANDBOX_ADDR: `127.0.0.1:${api}`,
  NEARBY_SANDBOX_CONTROL: `127.0.0.1:${control}`,
});

/** @returns {Promise<number>} a port that was free a moment ago */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts a town and waits until it is ready.
 * @returns {Promise<{site: string, stop: () => Promise<void>}>}
 */
export async function start() {
  const folder = newFolder();
  const ports = [await freePort(), await freePort(), await freePort()];
  const town = spawn(program, ['demo'], { cwd: root, env: { ...process.env, ...settings(folder, ports) }, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => town.once('exit', resolve));
  const site = `http://127.0.0.1:${ports[0]}`;
  const stop = async () => {
    town.kill('SIGTERM');
    await ended;
    removeFolder(folder);
  };
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (town.exitCode !== null) break;
    const ready = await fetch(`${site}/readyz`).catch(() => null);
    if (ready?.ok) return { site, stop };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await stop();
  throw new Error('the demo town did not start');
}
