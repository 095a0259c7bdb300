// A limited drop in three windows: the owner who plans it, somebody who buys,
// and somebody who only looks.
import { checkOut, expect, expectState, signIn, test } from './journey.mjs';

/** Each project has a shop and a buyer of its own. */
const shops = {
  phone: { slug: 'kiln-quay', buyer: 'shopper' },
  desktop: { slug: 'slow-pour', buyer: 'verifier' },
  nojs: { slug: 'tide-tulip', buyer: 'operator' },
};

/** The time of the town so many seconds from now, as a time field takes it. */
const inTown = (seconds) => new Date(Date.now() + seconds * 1000).toLocaleString('sv-SE', { timeZone: 'Europe/Dublin' }).replace(' ', 'T');

test('a drop, from its plan to its record', async ({ page, visitor, js }, testInfo) => {
  const { slug, buyer } = shops[testInfo.project.name];
  const name = `Print of the ${testInfo.project.name}`;
  const look = (window, label) => window.screenshot({ path: testInfo.outputPath(`${label}.png`), fullPage: true });
  await signIn(page, 'owner', '/manage');
  await page.goto(`/manage/${slug}/catalog/new`);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Price', { exact: true }).fill('20');
  await page.getByLabel('In stock').fill('5');
  await page.getByRole('button', { name: 'Save product' }).click();
  await page.getByRole('link', { name: 'Limited drop' }).click();
  await page.getByLabel('Pieces in all').fill('2');
  await page.getByLabel('For each person').fill('3');
  await page.getByLabel('Begins').fill(inTown(20));
  await page.getByLabel('May also be paid at pickup').check();
  await page.getByRole('button', { name: 'Save drop' }).click();
  await expect(page.getByRole('alert').getByRole('link').first()).toBeVisible();
  await page.getByLabel('For each person').fill('2');
  await page.getByLabel('Begins').fill(inTown(20));
  await page.getByRole('button', { name: 'Save drop' }).click();
  await expect(page.getByText('The drop is saved.')).toBeVisible();
  await look(page, 'plan');

  const [watcher, shopper] = [await visitor(), await visitor()];
  for (const window of [watcher, shopper]) await window.setViewportSize(page.viewportSize());
  await watcher.goto(`/b/${slug}`);
  await watcher.getByRole('main').getByRole('link', { name, exact: true }).click();
  await expect(watcher.getByText(/^The sale begins today at/)).toBeVisible();
  await expect(watcher.getByRole('button', { name: 'Add to basket' })).toHaveCount(0);
  const before = await watcher.evaluate(() => performance.timeOrigin);
  await look(watcher, 'ahead');

  /** Waits for words on the watcher's page: they come by themselves, or with a reload. */
  const sees = (text) => expect(async () => {
    if (!js) await watcher.reload();
    await expect(watcher.getByText(text)).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 40_000 });
  await sees('2 of 2 left');
  await look(watcher, 'running');

  await signIn(shopper, buyer);
  await shopper.goto(watcher.url());
  await shopper.getByLabel('Quantity').fill('1');
  await shopper.getByRole('button', { name: 'Add to basket' }).click();
  await (await checkOut(shopper, slug, { pay: 'at_pickup' })).click();
  await expectState(shopper, 'Waiting for the shop');
  await sees('1 of 2 left');

  await shopper.goto(watcher.url());
  await shopper.getByRole('button', { name: 'Add to basket' }).click();
  await (await checkOut(shopper, slug, { pay: 'at_pickup' })).click();
  await expectState(shopper, 'Waiting for the shop');
  await sees(/^Sold out after \d+ s|^Sold out after \d+ min/);
  await look(watcher, 'gone');
  if (js) expect(await watcher.evaluate(() => performance.timeOrigin)).toBe(before);

  await page.reload();
  await expect(page.getByText(/^Sold out after/)).toBeVisible();
  await look(page, 'record');
});
