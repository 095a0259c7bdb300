// Draws the pictures of the README from the demo town: phone and desk, light
// and dark. Run it with: node web/journeys/pictures.mjs
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium as browserType } from '@playwright/test';
import { checkOut, signIn } from './journey.mjs';
import { chromium, chromiumArgs, root, start } from './town.mjs';

const folder = join(root, 'docs', 'pictures');
const screens = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 860 } },
};

/** The steps to each picture; all begin with a browser of their own. */
const pictures = {
  home: (page) => page.goto('/?near=High+Street&category=food'),
  business: async (page) => {
    await page.goto('/?near=High+Street'); // so that the distance is known
    await page.goto('/b/kiln-quay');
  },
  order: async (page, browser, options) => {
    const shop = 'halvorsen-bakery';
    for (const product of ['Seven-seed loaf', 'Cardamom bun']) {
      await page.goto(`/b/${shop}`);
      await page.getByRole('button', { name: `Add ${product}` }).click();
      await page.getByRole('group', { name: `${product}, quantity` }).waitFor();
    }
    await (await checkOut(page, shop, { pay: 'at_pickup' })).click();
    await page.getByRole('heading', { level: 1, name: 'Waiting for the shop' }).waitFor();
    const number = (await page.getByText(/^Order \d+/).first().textContent()).match(/\d+/)[0];
    await halvorsen(browser, options, number);
    await page.getByRole('heading', { level: 1, name: 'Ready to collect' }).waitFor();
    await page.mouse.move(0, 0);
  },
  catalog: async (page) => {
    await signIn(page, 'owner');
    await page.goto('/manage/kiln-quay/catalog');
  },
  desk: async (page) => {
    await signIn(page, 'verifier');
    await page.goto('/desk');
    const queue = page.getByRole('complementary', { name: 'Queue' });
    await queue.getByRole('link', { name: 'Copper Kettle' }).click();
    await page.getByRole('heading', { level: 1, name: 'Copper Kettle' }).waitFor();
  },
};

/** The baker accepts an order and has it ready. */
async function halvorsen(browser, options, number) {
  const context = await browser.newContext({ ...options, viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  await signIn(page, 'sigrid.halvorsen');
  await page.goto('/manage/halvorsen-bakery/orders');
  await page.getByRole('main').getByRole('link', { name: new RegExp(`#${number}\\b`) }).click();
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.getByRole('button', { name: 'It is ready' }).click();
  await page.getByText('Ready. The shopper has been told.').waitFor();
  await context.close();
}

/** Waits, in the page, for the fonts and for the pictures that can be seen. */
async function settle() {
  const seen = [...document.images].filter((image) => image.checkVisibility() && image.getBoundingClientRect().top < innerHeight);
  for (const image of seen) image.loading = 'eager'; // decoding never begins what is still to be loaded lazily
  await Promise.all([document.fonts.ready, ...seen.map((image) => image.decode().catch(() => {}))]);
}

mkdirSync(folder, { recursive: true });
const town = process.env.JOURNEY_SITE ? { site: process.env.JOURNEY_SITE, stop: async () => {} } : await start();
const browser = await browserType.launch({ executablePath: chromium, args: chromiumArgs });
const wanted = process.argv.slice(2);
try {
  for (const [name, steps] of Object.entries(pictures)) {
    if (wanted.length && !wanted.includes(name)) continue;
    for (const [screen, shape] of Object.entries(screens)) {
      for (const colorScheme of ['light', 'dark']) {
        const options = { baseURL: town.site, locale: 'en-GB', timezoneId: 'Europe/Dublin', reducedMotion: 'reduce', colorScheme };
        const context = await browser.newContext({ ...options, ...shape });
        const page = await context.newPage();
        await steps(page, browser, options);
        await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => {}); // a live page never rests
        await page.evaluate(settle);
        const path = join(folder, `${name}-${screen}-${colorScheme}.jpg`);
        await page.screenshot({ path, type: 'jpeg', quality: 80, scale: screen === 'phone' ? 'device' : 'css' });
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
  await town.stop();
}
