// A shopper finds, orders and pays; whatever goes wrong on the way ends in one
// right order.
import { addToBasket, cards, checkOut, choose, expect, expectState, goToPayment, orderButton, orderForPickup, orders, paid, pay, payAndVanish, test } from './journey.mjs';

const bakery = 'halvorsen-bakery';

test('finds a bakery, orders and pays', async ({ page }) => {
  await page.goto('/');
  const kinds = page.getByRole('navigation', { name: 'Categories' });
  await kinds.getByRole('link', { name: 'Food shops' }).click();
  await kinds.getByRole('link', { name: 'Bakery', exact: true }).click();
  await expect(kinds.getByRole('link', { name: 'Bakery', exact: true })).toHaveAttribute('aria-current', 'true');
  await page.getByRole('heading', { level: 2 }).getByRole('link', { name: 'Halvorsen Bakery' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Halvorsen Bakery' })).toBeVisible();

  await page.getByRole('main').getByRole('link', { name: 'Morning roll', exact: true }).click();
  await page.getByLabel('Quantity').fill('2');
  await page.getByRole('button', { name: 'Add to basket' }).click();
  await expect(page.getByText('Added to your basket.')).toBeVisible();
  await page.getByRole('link', { name: 'Basket, 2 items' }).click();

  const quantity = page.getByRole('group', { name: 'Morning roll, quantity' });
  await expect(quantity.getByRole('status')).toHaveText('2');
  await quantity.getByRole('button', { name: 'One more' }).click();
  await expect(quantity.getByRole('status')).toHaveText('3');
  await page.getByRole('link', { name: 'Check out' }).click();

  await page.getByLabel('Name', { exact: true }).fill('Nia Quill');
  await page.getByLabel('E-mail').fill('nia.quill@portmere.example');
  await page.getByRole('button', { name: 'Order and pay €2.85' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Pay Halvorsen Bakery' })).toBeVisible();
  await pay(page);
  await expectState(page, paid);
  await expect(page.getByText('3 × €0.95')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Basket, 0 items' })).toBeVisible();
});

test('finds a shop by what it sells', async ({ page }) => {
  await page.goto('/');
  const search = page.getByRole('searchbox', { name: 'What are you looking for?' });
  await search.fill('cardamom bun');
  await search.press('Enter');
  await expect(page.getByRole('heading', { level: 2 }).getByRole('link', { name: 'Halvorsen Bakery' })).toBeVisible();
  await page.getByRole('listitem').getByRole('link', { name: /Cardamom bun/ }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Cardamom bun' })).toBeVisible();
});

test('sees in another tab how the order turns paid', async ({ page, context, js }) => {
  await goToPayment(page, bakery, 'Poppy roll');
  const other = await context.newPage();
  await (await orders(other)).getByRole('link').first().click();
  await expectState(other, 'Waiting for payment');
  const before = await other.evaluate(() => performance.timeOrigin);

  // Nobody comes back from the payment page: the news has to come by itself.
  await payAndVanish(page);
  if (js) {
    await expectState(other, paid);
    expect(await other.evaluate(() => performance.timeOrigin)).toBe(before);
  } else {
    await expect(async () => {
      await other.reload();
      await expectState(other, paid);
    }).toPass();
  }
});

test('pays with another card when the first is declined', async ({ page }) => {
  await goToPayment(page, bakery, 'Rye roll');
  await pay(page, cards.declined);
  await expect(page.getByRole('alert')).toContainText('declined');
  await pay(page);
  await expectState(page, paid);
  await expect(await orders(page)).toHaveCount(1);
});

test('closes the tab after paying', async ({ page, context }) => {
  await goToPayment(page, bakery, 'Plain baguette');
  await payAndVanish(page);
  const later = await context.newPage();
  await expect(async () => {
    const list = await orders(later);
    await expect(list).toHaveCount(1);
    await expect(list.first()).toContainText(paid);
  }).toPass();
});

test('goes back from the payment page and pays after all', async ({ page }) => {
  await goToPayment(page, bakery, 'Rye baguette');
  await page.getByRole('link', { name: 'Cancel and go back' }).click();
  await expectState(page, 'Waiting for payment');
  await expect(page.getByText('Rye baguette')).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: /^Pay €/ }).click();
  await pay(page);
  await expectState(page, paid);
  await expect(await orders(page)).toHaveCount(1);
});

test('presses Back on the payment page and orders again', async ({ page }) => {
  await goToPayment(page, bakery, 'Seven-seed loaf');
  await page.goBack();
  await expect(page.getByRole('complementary', { name: 'Your order' }).getByText('Seven-seed loaf')).toBeVisible();
  await page.getByLabel('Name', { exact: true }).fill('Nia Quill');
  await page.getByLabel('E-mail').fill('nia.quill@portmere.example');
  await orderButton(page).click();
  await pay(page);
  await expectState(page, paid);
  await expect(await orders(page)).toHaveCount(1);
});

test('presses Back on the payment page and changes the order', async ({ page }) => {
  await goToPayment(page, bakery, 'Oat porridge loaf');
  await page.goBack();
  await (await checkOut(page, bakery, { pay: 'at_pickup' })).click();
  await expectState(page, 'Waiting for the shop');
  const list = await orders(page);
  await expect(list.filter({ hasText: 'Waiting for the shop' })).toHaveCount(1);
  await expect(list.filter({ hasText: 'Waiting for payment' })).toHaveCount(0);
});

test('presses the order button twice', async ({ page }) => {
  await addToBasket(page, bakery, 'Butter bun');
  await (await checkOut(page, bakery)).dblclick();
  await expect(page.getByRole('heading', { level: 1, name: /^Pay / })).toBeVisible();
  await pay(page);
  await expectState(page, paid);
  await expect(await orders(page)).toHaveCount(1);
});

test('is asked by the bank', async ({ page }) => {
  await goToPayment(page, bakery, 'Cinnamon bun');
  await pay(page, cards.asks);
  await expect(page.getByRole('heading', { level: 1, name: 'Your bank asks: is this you?' })).toBeVisible();
  await page.getByRole('button', { name: 'Yes, complete the payment' }).click();
  await expectState(page, paid);
});

test('pays when collecting, and cancels in time', async ({ page }) => {
  await orderForPickup(page, bakery, 'Cardamom bun');
  await expect(page.getByText('You pay when you collect.').or(page.getByText('The shop answers soon.')).first()).toBeVisible();
  await page.getByRole('button', { name: 'Cancel the order' }).click();
  await expectState(page, 'Cancelled');
  await expect(page.getByRole('button', { name: 'Cancel the order' })).toHaveCount(0);
});

test('cannot order what is sold out', async ({ page }) => {
  await page.goto('/b/kiln-quay');
  await page.getByRole('main').getByRole('link', { name: 'Candle in a cup', exact: true }).click();
  await expect(page.getByText('Sold out for now.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add to basket' })).toHaveCount(0);
});

test('chooses a variant', async ({ page }) => {
  await page.goto('/b/kiln-quay');
  await page.getByRole('main').getByRole('link', { name: 'Speckled mug', exact: true }).click();
  await choose(page.getByRole('radio', { name: /^sage/ }));
  const show = page.getByRole('button', { name: 'Show this choice' });
  if (await show.isVisible()) await show.click();
  await expect(page.getByText('€25.00').first()).toBeVisible();
  await page.getByRole('button', { name: 'Add to basket' }).click();
  await expect(page.getByText('Added to your basket.')).toBeVisible();
  await page.goto('/cart');
  await expect(page.getByRole('main').getByText('sage')).toBeVisible();
});

test('is told what is missing, and keeps what was typed', async ({ page }) => {
  await addToBasket(page, bakery, 'Almond bun');
  const button = await checkOut(page, bakery, { name: 'Nia Quill' });
  await page.getByLabel('E-mail').fill('nia');
  await page.getByLabel('Note to the shop').fill('No nuts on top, please');
  await button.click();
  const errors = page.getByRole('alert');
  await expect(errors.getByRole('link')).toHaveCount(1);
  await expect(page).toHaveTitle(/^Error:/);
  await expect(page.getByLabel('E-mail')).toHaveValue('nia');
  await expect(page.getByLabel('E-mail')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Nia Quill');
  await expect(page.getByLabel('Note to the shop')).toHaveValue('No nuts on top, please');
});
