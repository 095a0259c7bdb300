// A verifier looks at what waits, and decides.
import { choose, expect, signIn, test } from './journey.mjs';

/** Each project decides on cases of its own. */
const cases = {
  phone: { approve: 'Bramble & Vine', ask: 'Dr. Okafor Dental', reject: 'Vela Nails' },
  desktop: { approve: 'Saddle Row Leather', ask: 'Blue Door Yoga', reject: 'Tin Soldier Toys' },
  nojs: { approve: 'North Pier Oysters', ask: 'Copper Kettle Café', reject: 'Portmere Print Co.' },
};
const caseOf = (testInfo) => cases[testInfo.project.name];

test.beforeEach(async ({ page }) => signIn(page, 'verifier', '/desk'));

/** Opens a case of the queue and takes it, unless it is held already. */
async function take(page, name) {
  await page.goto('/desk');
  await page.getByRole('complementary', { name: 'Queue' }).getByRole('listitem').getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  const take = page.getByRole('button', { name: 'Take this case' });
  if (await take.isVisible()) await take.click();
  await expect(page.getByRole('button', { name: 'Give it back' })).toBeVisible();
}

test('approves a listing, and it is found within a second', async ({ page, visitor }, testInfo) => {
  const { approve } = caseOf(testInfo);
  const shopper = await visitor();
  const address = `/?q=${encodeURIComponent(approve)}&radius=0`;
  await shopper.goto(address);
  const found = shopper.getByRole('heading', { level: 2 }).getByRole('link', { name: approve });
  await expect(found).toHaveCount(0);

  await take(page, approve);
  await page.getByRole('button', { name: /^Approve/ }).click();
  await expect(page.getByText('Not everything is proven yet')).toBeVisible();
  for (const seen of ['Visited in person', 'Found in the register']) {
    await page.getByText('Write down what you saw').click();
    await page.getByLabel('What you saw').selectOption(seen);
    await page.getByLabel('When, where and how').fill('On Monday at ten.');
    await page.getByRole('button', { name: 'Write it down' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Written down.' })).toBeVisible();
  }
  await page.getByRole('button', { name: /^Approve/ }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Approved.' })).toBeVisible();
  await shopper.goto(address);
  await expect(found).toBeVisible({ timeout: 1000 });
  await found.click();
  await expect(shopper.getByRole('heading', { level: 1, name: approve })).toBeVisible();
});

test('asks for changes', async ({ page }, testInfo) => {
  const { ask } = caseOf(testInfo);
  await take(page, ask);
  await page.getByText('Ask for changes').click();
  await page.getByRole('button', { name: 'Send the question' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await choose(page.getByRole('checkbox', { name: 'Phone' }));
  await page.getByLabel('What is wrong with it').selectOption('It is not right');
  await page.getByRole('group', { name: 'What has to change' }).locator('xpath=ancestor::form').getByLabel('Note to the owner').fill('Nobody answers at this number.');
  await page.getByRole('button', { name: 'Send the question' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The question is sent.' })).toBeVisible();
  await page.goto('/desk');
  await expect(page.getByRole('complementary', { name: 'Queue' }).getByRole('link', { name: ask })).toHaveCount(0);
});

test('refuses with a reason', async ({ page, visitor }, testInfo) => {
  const { reject } = caseOf(testInfo);
  await take(page, reject);
  await page.getByText(/^Refuse\s*R$/).click();
  const note = page.getByLabel('Reason').locator('xpath=ancestor::form').getByLabel('Note to the owner');
  await note.fill('There is a shop, but it is somebody else’s.');
  await page.getByRole('button', { name: 'Refuse with this reason' }).click();
  await expect(page).toHaveTitle(/^Error:/);
  await expect(note).toHaveValue('There is a shop, but it is somebody else’s.');
  await page.getByLabel('Reason').selectOption('We could not verify what was said');
  await page.getByRole('button', { name: 'Refuse with this reason' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Refused, with the reason.' })).toBeVisible();

  const shopper = await visitor();
  await shopper.goto(`/?q=${encodeURIComponent(reject)}&radius=0`);
  await expect(shopper.getByRole('link', { name: reject, exact: true })).toHaveCount(0);
});

test('moves and decides with the keys @js', async ({ page }, testInfo) => {
  test.skip(testInfo.project.name === 'phone', 'there are no keys on a phone');
  await page.goto('/desk');
  await page.getByRole('complementary', { name: 'Queue' }).getByRole('list').last().getByRole('link').first().click();
  const heading = page.getByRole('heading', { level: 1 });
  await expect(heading).not.toHaveText('Choose a case');
  const first = await heading.textContent();
  await page.keyboard.press('j');
  await expect(heading).not.toHaveText(first);
  const second = await heading.textContent();
  await page.keyboard.press('k');
  await expect(heading).toHaveText(first);
  await page.keyboard.press('j');
  await expect(heading).toHaveText(second);

  const taking = page.getByRole('button', { name: 'Take this case' });
  if (await taking.isVisible()) await taking.click();
  await expect(page.getByRole('button', { name: /^Approve/ })).toBeVisible();
  await page.keyboard.press('r');
  await expect(page.getByLabel('Reason')).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.type('jaq');
  await expect(page.getByLabel('Reason').locator('xpath=ancestor::form').getByLabel('Note to the owner')).toHaveValue('jaq');
  await expect(heading).toHaveText(second);
  await heading.click();
  await page.keyboard.press('a');
  await expect(page.getByRole('button', { name: /^Approve/ })).toBeFocused();
  await page.getByRole('button', { name: 'Give it back' }).click();
  await expect(page).toHaveURL('/desk');
});
