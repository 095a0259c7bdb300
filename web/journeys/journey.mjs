// What every journey starts with: a browser that is watched for errors, broken
// rules and positions in addresses, and the steps that many journeys share.
import { test as base, expect } from '@playwright/test';
import { password } from './town.mjs';

export { expect };

/** A number with so many decimals that it could be a position. */
const position = /[-+]?\d{1,3}\.\d{3,}/;

/**
 * Watches everything a browser context does.
 * @param {import('@playwright/test').BrowserContext} context
 * @returns {{faults: string[]}} what went wrong so far
 */
function watch(context) {
  const seen = { faults: [] };
  const refused = new Set(); // pages that were answered with 4xx: the journey itself looks at those
  const where = (address) => {
    const { pathname, search, hash } = new URL(address);
    return pathname + search + hash;
  };
  context.on('request', (request) => {
    if (request.url().startsWith('http') && position.test(where(request.url()))) seen.faults.push(`a position in an address: ${request.url()}`);
  });
  context.on('response', (response) => {
    const status = response.status();
    if (status >= 500) seen.faults.push(`${status} from ${response.url()}`);
    if (status >= 400 && status < 500 && response.request().isNavigationRequest()) refused.add(response.url());
  });
  context.on('weberror', (error) => {
    const { message } = error.error();
    // The browser's own note that it left out an animation between two pages.
    if (!message.startsWith('Transition was aborted')) seen.faults.push(`error in a script: ${message}`);
  });
  context.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const { url } = message.location();
    if (message.text().startsWith('Failed to load resource') && refused.has(url)) return;
    seen.faults.push(`console: ${message.text()} (${url})`);
  });
  return seen;
}

export const test = base.extend({
  context: async ({ context }, use) => {
    const seen = watch(context);
    await use(context);
    expect(seen.faults).toEqual([]);
  },
  /** visitor opens a page of somebody else: a browser with cookies of its own. */
  visitor: async ({ browser }, use) => {
    const opened = [];
    await use(async () => {
      const context = await browser.newContext();
      opened.push({ context, seen: watch(context) });
      return context.newPage();
    });
    for (const { context, seen } of opened) {
      await context.close();
      expect(seen.faults).toEqual([]);
    }
  },
  /** js tells whether this project runs scripts. */
  js: async ({ javaScriptEnabled }, use) => use(javaScriptEnabled !== false),
});

/** Signs somebody of the demo town in: "shopper", "owner", "verifier" or "operator". */
export async function signIn(page, who, back = '/me') {
  await page.goto(`/sign-in?back=${encodeURIComponent(back)}`);
  await page.getByLabel('E-mail').fill(`${who}@portmere.example`);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL(back);
}

/** Puts pieces of a product into the basket, by its page. */
export async function addToBasket(page, shop, product, pieces = 1) {
  await page.goto(`/b/${shop}`);
  await page.getByRole('main').getByRole('link', { name: product, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: product })).toBeVisible();
  await page.getByLabel('Quantity').fill(String(pieces));
  await page.getByRole('button', { name: 'Add to basket' }).click();
  await expect(page.getByText('Added to your basket.')).toBeVisible();
}

/** Goes to the till of a shop and fills in who orders, up to the last button. */
export async function checkOut(page, shop, { pay = 'card', name = 'Nia Quill' } = {}) {
  await page.goto(`/checkout/${shop}`);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('E-mail').fill('nia.quill@portmere.example');
  await choose(page.getByRole('radio', { name: pay === 'card' ? /^Card/ : /^When I collect it/ }));
  return orderButton(page);
}

/** Ticks a box or a choice by its label, as people do: the control itself may be drawn by the label. */
export async function choose(control) {
  await control.locator('xpath=ancestor::label').click();
  await expect(control).toBeChecked();
}

export const orderButton = (page) => page.getByRole('button', { name: /^Order and pay/ });

/** Everything from the shop to the payment page. */
export async function goToPayment(page, shop, product, pieces = 1) {
  await addToBasket(page, shop, product, pieces);
  await (await checkOut(page, shop)).click();
  await expect(page.getByRole('heading', { level: 1, name: /^Pay / })).toBeVisible();
}

/** Everything up to an order that is paid in the shop; returns its address. */
export async function orderForPickup(page, shop, product, options) {
  await addToBasket(page, shop, product);
  await (await checkOut(page, shop, { pay: 'at_pickup', ...options })).click();
  await expectState(page, 'Waiting for the shop');
  return page.url();
}

/** Numbers of the sandbox's test cards. */
export const cards = {
  good: '4242 4242 4242 4242',
  declined: '4000 0000 0000 0002',
  asks: '4000 0025 0000 3155',
  disputed: '4000 0000 0000 0259',
};

/** Fills in the payment page and presses its button. */
export async function pay(page, number = cards.good) {
  await page.getByLabel('Card number').fill(number);
  await page.getByLabel('Expiry (MM/YY)').fill('12/40');
  await page.getByLabel('Security code').fill('123');
  await page.getByRole('button', { name: /^Pay [^,]+$/ }).click();
}

/** Presses the button of the payment page and is gone before the answer leads back to the shop. */
export async function payAndVanish(page) {
  const email = await page.getByLabel('E-mail for the receipt').inputValue();
  const answer = await page.request.post(page.url(), {
    form: { number: cards.good, exp: '12/40', cvc: '123', name: 'Nia Quill', email, pay: 'now' },
    maxRedirects: 0,
  });
  expect(answer.status()).toBe(303);
  await page.close();
}

export const paid = 'Paid, waiting for the shop';

export async function expectState(page, state) {
  await expect(page.getByRole('heading', { level: 1, name: state, exact: true })).toBeVisible();
}

/** The orders of this visitor, as their page lists them. */
export async function orders(page) {
  await page.goto('/orders');
  return page.getByRole('main').getByRole('listitem');
}

/** Changes how the sandbox delivers its webhooks; {} is the usual way. */
export async function webhooks(mode) {
  const answer = await fetch(`${process.env.JOURNEY_CONTROL}/_sandbox/webhooks/mode`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(mode),
  });
  expect(answer.ok).toBe(true);
}
