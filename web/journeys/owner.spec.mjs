// An owner sells: a product with a photo, an order handed over by its code,
// stock, hours, and forms that keep what was typed.
import { join } from 'node:path';
import { cards, choose, expect, expectState, goToPayment, orderForPickup, paid, pay, signIn, test } from './journey.mjs';
import { root } from './town.mjs';

const photo = join(root, 'internal', 'demo', 'img', 'jug-sky.jpg');

/** Each project has a shop of its own, so that none changes what another looks at. */
const shops = {
  phone: { slug: 'kiln-quay', product: 'Camp mug' },
  desktop: { slug: 'slow-pour' },
  nojs: { slug: 'tide-tulip' },
};
const shopOf = (testInfo) => shops[testInfo.project.name];

test.beforeEach(async ({ page }) => signIn(page, 'owner', '/manage'));

test('adds a product with a photo', async ({ page, visitor }, testInfo) => {
  const { slug } = shopOf(testInfo);
  const name = `Jug of the ${testInfo.project.name}`;
  await page.goto(`/manage/${slug}/catalog`);
  await page.getByRole('main').getByRole('link', { name: 'Add product' }).click();

  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Description').fill('Thrown on a Tuesday.');
  await page.getByLabel('Price', { exact: true }).fill('four');
  await page.getByLabel('In stock').fill('3');
  await page.getByRole('button', { name: 'Save product' }).click();
  await expect(page).toHaveTitle(/^Error:/);
  await expect(page.getByRole('alert').getByRole('link').first()).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(name);
  await expect(page.getByLabel('Description')).toHaveValue('Thrown on a Tuesday.');
  await expect(page.getByLabel('Price', { exact: true })).toHaveValue('four');

  await page.getByLabel('Price', { exact: true }).fill('€24,00');
  await page.getByLabel('Add photos').setInputFiles(photo);
  await page.getByLabel('What the new photos show').or(page.getByLabel('What the photo shows')).last().fill('A jug in sky glaze');
  await page.getByRole('button', { name: 'Save product' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Saved' })).toBeVisible();

  const shopper = await visitor();
  await shopper.goto(`/b/${slug}`);
  await shopper.getByRole('main').getByRole('link', { name, exact: true }).click();
  await expect(shopper.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(shopper.getByText('€24.00').first()).toBeVisible();
  const picture = shopper.getByRole('img', { name: 'A jug in sky glaze' });
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((img) => img.decode().then(() => img.naturalWidth))).toBeGreaterThan(0);
});

test('hands an order over by its code', async ({ page, visitor, js }, testInfo) => {
  const { slug } = shopOf(testInfo);
  const name = `Nia ${testInfo.project.name}`;
  await page.goto(`/manage/${slug}/orders`); // open before the order comes

  const shopper = await visitor();
  await shopper.goto(`/b/${slug}`);
  const product = await shopper.getByRole('button', { name: /^Add / }).first().textContent();
  await orderForPickup(shopper, slug, product.replace(/^\s*Add\s+/, '').trim(), { name });

  if (!js) await page.reload();
  await page.getByRole('listitem').getByRole('link', { name: new RegExp(name) }).click();
  await page.getByRole('button', { name: 'Accept' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Accepted.' })).toBeVisible();
  if (!js) await shopper.reload();
  await expectState(shopper, 'Accepted');

  await page.getByRole('button', { name: 'It is ready' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Ready.' })).toBeVisible();
  if (!js) await shopper.reload();
  await expectState(shopper, 'Ready to collect');
  const code = (await shopper.getByText('Your code').locator('xpath=following-sibling::p[1]').textContent()).trim();
  expect(code).toMatch(/^\w{3}-\w{3}$/);

  const field = page.getByLabel("The shopper's code");
  await field.fill('XYZ-000');
  await page.getByRole('button', { name: 'Hand over' }).click();
  await expect(page.getByRole('alert')).toContainText('This code belongs to no order that is ready.');
  await expect(field).toHaveValue('XYZ-000');
  await field.fill(code);
  await page.getByRole('button', { name: 'Hand over' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Handed over.' })).toBeVisible();
  if (!js) await shopper.reload();
  await expect(shopper.getByText('Enjoy it.')).toBeVisible();
});

test('goes on writing while the order moves on @js', async ({ page, context, visitor }, testInfo) => {
  const { slug } = shopOf(testInfo);
  const name = `Una ${testInfo.project.name}`;
  const shopper = await visitor();
  await shopper.goto(`/b/${slug}`);
  const product = await shopper.getByRole('button', { name: /^Add / }).first().textContent();
  await orderForPickup(shopper, slug, product.replace(/^\s*Add\s+/, '').trim(), { name });
  await page.goto(`/manage/${slug}/orders`);
  await page.getByRole('listitem').getByRole('link', { name: new RegExp(name) }).click();
  await page.getByRole('button', { name: 'Accept' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Accepted.' })).toBeVisible();

  await page.getByText('Something is missing').click();
  const give = page.getByLabel(/how many/i).first();
  await give.fill('0');
  const colleague = await context.newPage();
  await colleague.goto(page.url());
  await colleague.getByRole('button', { name: 'Start packing' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Being packed' })).toBeVisible();
  await expect(give).toBeVisible();
  await expect(give).toHaveValue('0');
});

test('answers the bank of a shopper', async ({ page, visitor }, testInfo) => {
  const { slug } = shopOf(testInfo);
  const shopper = await visitor();
  await shopper.goto(`/b/${slug}`);
  const product = await shopper.getByRole('button', { name: /^Add / }).first().textContent();
  await goToPayment(shopper, slug, product.replace(/^\s*Add\s+/, '').trim());
  await pay(shopper, cards.disputed);
  await expectState(shopper, paid);

  const list = page.getByRole('heading', { name: 'A bank asks for money back' });
  await expect(async () => { // the bank takes ten seconds
    await page.goto(`/manage/${slug}/orders`);
    await expect(list).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 40_000 });
  await page.getByRole('region', { name: 'A bank asks for money back' }).getByRole('link').first().click();
  await expect(page.getByText(/^Answer until .*, or it is decided against you\.$/)).toBeVisible();
  await page.getByText('What goes with the answer').click();
  await expect(page.getByText('The card payment succeeded.')).toBeVisible();

  const words = page.getByLabel('Your answer to the bank');
  await words.fill('no');
  await page.getByRole('button', { name: 'Send to the bank' }).click();
  await expect(words).toHaveValue('no');
  await expect(page.getByText('Say what happened, in 10 to 5,000 characters.').first()).toBeVisible();
  await words.fill('winning_evidence');
  await page.getByRole('button', { name: 'Send to the bank' }).click();
  await expect(page.getByText('Your answer is with the bank')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send to the bank' })).toHaveCount(0);
});

test('counts the stock in the table', async ({ page, visitor, js }, testInfo) => {
  const { slug } = shopOf(testInfo);
  await page.goto(`/manage/${slug}/catalog`);
  const stepper = page.getByRole('group', { name: /^Stock of / }).first();
  const name = (await stepper.getByText(/^Stock of /).textContent()).replace('Stock of ', '');
  const before = Number(await stepper.getByRole('status').textContent());
  const arrived = page.evaluate(() => performance.timeOrigin);
  await stepper.getByRole('button', { name: 'One more' }).click();
  await expect(stepper.getByRole('status')).toHaveText(String(before + 1));
  if (js) expect(await page.evaluate(() => performance.timeOrigin)).toBe(await arrived);
  await page.reload();
  await expect(page.getByRole('group', { name: `Stock of ${name}` }).getByRole('status')).toHaveText(String(before + 1));

  const shopper = await visitor();
  await shopper.goto(`/b/${slug}`);
  await expect(shopper.getByRole('main').getByRole('link', { name, exact: true })).toBeVisible();
});

test('changes the hours', async ({ page, visitor }, testInfo) => {
  const { slug } = shopOf(testInfo);
  await page.goto(`/manage/${slug}/hours`);
  const monday = page.getByLabel('Monday');
  const save = page.locator('form').filter({ has: monday }).getByRole('button', { name: 'Save', exact: true });
  await monday.fill('9 to whenever');
  await save.click();
  await expect(page).toHaveTitle(/^Error:/);
  await expect(monday).toHaveValue('9 to whenever');
  await expect(monday).toHaveAttribute('aria-invalid', 'true');

  await monday.fill('9:15-12, 14-19:45');
  await save.click();
  await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
  await expect(page.getByLabel('Monday')).toHaveValue('09:15-12:00, 14:00-19:45');

  const shopper = await visitor();
  await shopper.goto(`/b/${slug}`);
  const row = shopper.getByRole('row', { name: /^Monday/ });
  await expect(row).toContainText('09:15');
  await expect(row).toContainText('19:45');
});

test('picks products and hides them', async ({ page, visitor }, testInfo) => {
  const { slug } = shopOf(testInfo);
  await page.goto(`/manage/${slug}/catalog?state=active`);
  const box = page.getByRole('checkbox', { name: /^Pick / }).first(); // the newest, which no other journey looks at
  const name = (await box.locator('xpath=ancestor::label').textContent()).trim().replace('Pick ', '');
  await choose(box);
  await page.getByRole('button', { name: 'Hide', exact: true }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
  const shopper = await visitor();
  await shopper.goto(`/b/${slug}`);
  await expect(shopper.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(shopper.getByRole('link', { name, exact: true })).toHaveCount(0);
});

test('begins another business', async ({ page }, testInfo) => {
  await page.goto('/manage');
  const name = `Dry Dock of the ${testInfo.project.name}`;
  await page.getByLabel('Category').selectOption('bakery');
  await page.getByRole('button', { name: 'Begin' }).click();
  await expect(page).toHaveTitle(/^Error:/);
  await expect(page.getByLabel('Category')).toHaveValue('bakery');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Begin' }).dblclick();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(name);
  await page.goto('/manage');
  await expect(page.getByRole('listitem').filter({ hasText: name })).toHaveCount(1);
});
