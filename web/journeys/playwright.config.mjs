// Journeys through the demo town in a real browser: on a phone, at a desk, and
// without JavaScript. With JOURNEY_SITE they visit a demo that is running
// already; then JOURNEY_CONTROL is where its sandbox is controlled.
import { defineConfig } from '@playwright/test';
import { chromium, chromiumArgs, newFolder, program, root, settings } from './town.mjs';

const ports = [18080, 18431, 18432];
const site = process.env.JOURNEY_SITE ?? `http://127.0.0.1:${ports[0]}`;
if (!process.env.JOURNEY_SITE) process.env.JOURNEY_FOLDER ??= newFolder(); // the workers read this file too
process.env.JOURNEY_CONTROL ??= `http://127.0.0.1:${ports[2]}`;

export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results',
  globalTeardown: './teardown.mjs',
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  forbidOnly: true,
  reporter: [['list']],
  use: {
    baseURL: site,
    locale: 'en-GB',
    timezoneId: 'Europe/Dublin',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: chromium, args: chromiumArgs },
  },
  projects: [
    { name: 'phone', use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, grepInvert: /@once/ },
    { name: 'desktop', use: { viewport: { width: 1280, height: 860 } } },
    { name: 'nojs', use: { viewport: { width: 1280, height: 860 }, javaScriptEnabled: false }, grepInvert: /@js|@once/ },
  ],
  webServer: process.env.JOURNEY_SITE ? undefined : {
    command: `${program} demo`,
    cwd: root,
    env: settings(process.env.JOURNEY_FOLDER, ports),
    url: `${site}/readyz`,
    timeout: 90_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 },
  },
});
