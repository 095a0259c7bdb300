// Every page: one heading, a title, a language, nothing wider than the screen,
// and no fault that axe can find, light and dark, on a phone and at a desk.
import AxeBuilder from '@axe-core/playwright';
import { addToBasket, checkOut, expect, expectState, goToPayment, orderForPickup, orders, signIn, test } from './journey.mjs';

test.describe.configure({ mode: 'parallel', timeout: 120_000 }); // four looks with axe each

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const widths = [320, 390, 768, 1280];

/** Follows the first link of a list whose name fits, or any. */
const first = (page, name) => page.getByRole('main').getByRole('listitem').getByRole('link', name && { name }).first();

/**
 * The pages by who looks at them. A page is an address, or the steps to it.
 * @type {Record<string, Record<string, string | ((page: import('@playwright/test').Page) => Promise<unknown>)>>}
 */
const all = {
  visitor: {
    nearby: '/',
    map: '/?view=map',
    'map of an ocean': '/?view=map&reach=1250000',
    'nothing found': '/?q=zeppelin&near=Fishergate',
    'which place': '/?near=street',
    business: '/b/kiln-quay',
    'business without photos': '/b/museum-of-small-boats',
    product: '/b/kiln-quay/p/speckled-mug',
    'product, sold out': '/b/kiln-quay/p/candle-in-a-cup',
    'empty basket': '/cart',
    basket: async (page) => {
      await addToBasket(page, 'halvorsen-bakery', 'Rye baguette');
      await page.goto('/cart');
    },
    checkout: async (page) => {
      await addToBasket(page, 'tide-tulip', await firstProduct(page, 'tide-tulip'));
      await page.goto('/checkout/tide-tulip');
    },
    'checkout with errors': async (page) => {
      await addToBasket(page, 'halvorsen-bakery', 'Rye baguette');
      await (await checkOut(page, 'halvorsen-bakery', { name: ' ' })).click();
      await expect(page.getByRole('alert')).toBeVisible();
    },
    'order that waits for payment': async (page) => {
      await goToPayment(page, 'halvorsen-bakery', 'Rye baguette');
      await (await orders(page)).getByRole('link').first().click();
      await expectState(page, 'Waiting for payment');
    },
    order: async (page) => orderForPickup(page, 'halvorsen-bakery', 'Morning roll'),
    'no orders': '/orders',
    'sign in': '/sign-in',
    'sign up': '/sign-up',
    'look into your mail': '/sign-up/sent',
    'forgotten password': '/password',
    'report without a subject': '/report',
    report: '/report?business=kiln-quay',
    transparency: '/transparency',
    mailbox: '/dev/mail',
    mail: async (page) => {
      await page.goto('/dev/mail');
      await first(page).click();
      await expect(page.getByRole('article')).toBeVisible();
    },
    'nothing there': '/no/such/page',
    'in Arabic': '/?lang=ar',
    'business in Arabic': '/b/kiln-quay?lang=ar',
    'product in German': '/b/kiln-quay/p/speckled-mug?lang=de',
  },
  shopper: { account: '/me', orders: '/orders' },
  owner: {
    businesses: '/manage',
    today: '/manage/kiln-quay',
    inbox: '/manage/kiln-quay/orders',
    'owner’s order': async (page) => {
      await page.goto('/manage/kiln-quay/orders');
      await page.getByRole('main').getByRole('list').last().getByRole('link').first().click();
      await expect(page.getByRole('heading', { level: 1, name: /^Order / })).toBeVisible();
    },
    catalog: '/manage/kiln-quay/catalog',
    'new product': '/manage/kiln-quay/catalog/new',
    'product with variants': async (page) => {
      await page.goto('/manage/kiln-quay/catalog?q=speckled');
      await page.getByRole('main').getByRole('table').getByRole('link', { name: 'Speckled mug' }).click();
      await expect(page.getByRole('heading', { level: 1, name: 'Speckled mug' })).toBeVisible();
    },
    hours: '/manage/kiln-quay/hours',
    profile: '/manage/kiln-quay/profile',
    verification: '/manage/kiln-quay/verification',
    'verification of a draft': '/manage/saltglaze-studio/verification',
    payouts: '/manage/kiln-quay/payouts',
    staff: '/manage/kiln-quay/staff',
  },
  verifier: {
    queue: '/desk',
    changes: '/desk/changes',
    case: async (page) => {
      await page.goto('/desk');
      await page.getByRole('complementary', { name: 'Queue' }).getByRole('listitem').getByRole('link').last().click();
      await expect(page.getByRole('heading', { level: 1 })).not.toHaveText('Choose a case');
    },
    'case in hand': async (page) => {
      await page.goto('/desk?show=free');
      await page.getByRole('complementary', { name: 'Queue' }).getByRole('list').last().getByRole('link').last().click();
      await page.getByRole('button', { name: 'Take this case' }).click();
      await page.getByText('Ask for changes').click();
      await page.getByText(/^Refuse\s*R$/).click();
    },
  },
  operator: {
    operations: '/admin',
    'operations of a business': async (page) => {
      await page.goto('/admin?q=kiln');
      await page.getByRole('main').getByRole('link', { name: /Kiln/ }).first().click();
      await expect(page.getByRole('heading', { level: 1, name: /Kiln/ })).toBeVisible();
    },
  },
};

async function firstProduct(page, shop) {
  await page.goto(`/b/${shop}`);
  return (await page.getByRole('button', { name: /^Add / }).first().textContent()).replace(/^\s*Add\s+/, '').trim();
}

for (const [who, pages] of Object.entries(all)) {
  for (const [name, way] of Object.entries(pages)) {
    test(`${name}, as ${who} @js @once`, async ({ page }) => {
      if (who !== 'visitor') await signIn(page, who);
      if (typeof way === 'string') await page.goto(way);
      else await way(page);

      await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
      await expect(page).toHaveTitle(/\S+.* · \S+/);
      const language = new URL(page.url()).searchParams.get('lang') ?? 'en';
      await expect(page.locator('html')).toHaveAttribute('lang', language);
      await expect(page.locator('html')).toHaveAttribute('dir', language === 'ar' ? 'rtl' : 'ltr');

      const faults = [];
      for (const width of widths) {
        await page.setViewportSize({ width, height: 844 });
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wider > 0) faults.push(`${wider} px wider than ${width}`);
        if (width !== 390 && width !== 1280) continue;
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)));
          // No page has a frame, so that one run in the page sees all of it.
          const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
          // Only the colours are others in the dark.
          const { violations } = await (colorScheme === 'light' ? axe.withTags(rules) : axe.withRules(['color-contrast', 'link-in-text-block'])).analyze();
          for (const { id, help, nodes } of violations) {
            faults.push(`${id} at ${width} px, ${colorScheme}: ${help}: ${nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')}`);
          }
        }
      }
      expect(faults).toEqual([]);
    });
  }
}
