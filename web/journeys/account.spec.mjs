// Accounts, languages, colours, finding a place, and what happens off the way.
import { expect, signIn, test } from './journey.mjs';

/** Opens the newest mail to an address and follows its link to a page. */
async function followMail(page, email, heading) {
  await expect(async () => {
    await page.goto('/dev/mail');
    await page.getByRole('main').getByRole('link', { name: new RegExp(email) }).first().click({ timeout: 2000 }); // or look again
    await page.getByRole('article').filter({ hasText: email }).getByRole('link').first().click();
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
  }).toPass();
}

test('makes an account by mail, changes the password, leaves and comes back', async ({ page }, testInfo) => {
  const email = `wren.${testInfo.project.name}.${Date.now().toString(36)}@portmere.example`;
  await page.goto('/sign-up');
  await page.getByLabel('Name', { exact: true }).fill('Wren Ash');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('New password').fill('short');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveTitle(/^Error:/);
  await expect(page.getByLabel('E-mail')).toHaveValue(email);
  await page.getByLabel('New password').fill('seven herons on a wire');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Look into your mail' })).toBeVisible();

  await followMail(page, email, 'Finish your account');
  await page.getByRole('button', { name: 'Make the account and sign in' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Your account is ready.' })).toBeVisible();

  await page.goto('/me');
  const password = page.getByRole('heading', { name: 'Password' }).locator('xpath=parent::section');
  await password.getByLabel('Present password').fill('not this one');
  await password.getByLabel('New password').fill('eight herons on a wire');
  await password.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await password.getByLabel('Present password').fill('seven herons on a wire');
  await password.getByLabel('New password').fill('eight herons on a wire');
  await password.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Your password was changed.' })).toBeVisible();

  await page.getByRole('button', { name: 'Sign out', exact: true }).first().click();
  await page.goto('/me');
  await expect(page.getByRole('heading', { level: 1, name: /sign in/i })).toBeVisible();
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('seven herons on a wire');
  const enter = page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true });
  await enter.click();
  await expect(page.getByRole('alert')).toContainText('do not belong together');
  await page.getByLabel('Password', { exact: true }).fill('eight herons on a wire');
  await enter.click();
  await page.goto('/me');
  await expect(page.getByRole('main')).toContainText(email);
});

test('chooses a new password by mail', async ({ page }, testInfo) => {
  const email = { phone: 'chidi.okafor', desktop: 'layla.farouk', nojs: 'arthur.penhale' }[testInfo.project.name] + '@portmere.example';
  await page.goto('/password');
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await followMail(page, email, 'Choose a new password');
  await page.getByLabel('New password').fill('a lantern on the far pier');
  await page.getByRole('button', { name: 'Save the password' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('a lantern on the far pier');
  await page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.goto('/me');
  await expect(page.getByRole('main')).toContainText(email);
});

test('changes its name, language and colours', async ({ page }, testInfo) => {
  // Somebody else in each project: the name is that of the account.
  const who = { phone: 'sam.orchard', desktop: 'lucia.vidal', nojs: 'tobias.renn' }[testInfo.project.name];
  await signIn(page, who);
  await page.getByLabel('Name', { exact: true }).fill('');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveTitle(/^Error:/);
  await page.getByLabel('Name', { exact: true }).fill('Robin of the Quay');
  await page.getByLabel('Language', { exact: true }).selectOption('Deutsch');
  await page.getByLabel('Theme', { exact: true }).selectOption('Dark');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Robin of the Quay');
});

test('cannot tell a known address from an unknown one', async ({ page }) => {
  await page.goto('/password');
  for (const email of ['shopper@portmere.example', 'nobody@portmere.example']) {
    await page.goto('/password');
    await page.getByLabel('E-mail').fill(email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Look into your mail' })).toBeVisible();
  }
});

test('takes the basket along when signing in', async ({ page }) => {
  await page.goto('/b/the-rind');
  await page.getByRole('button', { name: /^Add / }).first().click();
  await expect(page.getByRole('link', { name: 'Basket, 1 item' })).toBeVisible();
  await signIn(page, 'shopper', '/cart');
  await expect(page.getByRole('heading', { level: 2, name: 'The Rind' })).toBeVisible();
  await page.getByRole('button', { name: /^Remove / }).last().click();
});

test('speaks German and Arabic', async ({ page }) => {
  await page.goto('/b/halvorsen-bakery');
  const html = page.locator('html');
  await expect(html).toHaveAttribute('lang', 'en');
  await page.getByRole('contentinfo').getByRole('button', { name: 'Deutsch' }).click();
  await expect(html).toHaveAttribute('lang', 'de');
  await expect(page).toHaveURL('/b/halvorsen-bakery');
  await expect(page.getByRole('contentinfo').getByRole('link', { name: 'Für Betriebe' })).toBeVisible();
  await expect(page.getByText(/0,95\s€/).first()).toBeVisible();
  await page.getByRole('contentinfo').getByRole('button', { name: 'العربية' }).click();
  await expect(html).toHaveAttribute('lang', 'ar');
  await expect(html).toHaveAttribute('dir', 'rtl');
  await page.goto('/');
  await expect(html).toHaveAttribute('dir', 'rtl');
});

test('chooses dark or light', async ({ page }) => {
  await page.goto('/');
  const paper = () => page.locator('html').evaluate((html) => getComputedStyle(html).backgroundColor);
  await page.getByRole('contentinfo').getByRole('button', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  const dark = await paper();
  await page.getByRole('contentinfo').getByRole('button', { name: 'Light' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  expect(await paper()).not.toBe(dark);
});

test('finds a way on from an address that leads nowhere', async ({ page }) => {
  const answer = await page.goto('/b/no-such-shop');
  expect(answer.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1, name: 'Nothing at this address' })).toBeVisible();
  await page.getByRole('main').getByRole('searchbox').fill('bread');
  await page.getByRole('main').getByRole('searchbox').press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: /bread|place/ })).toBeVisible();
  for (const hidden of ['/b/bargain-barrel', '/b/saltglaze-studio', '/b/the-lost-lemon', '/b/grand-portmere-casino']) {
    expect((await page.goto(hidden)).status(), hidden).toBe(404);
  }
});

test('reports a business and gets a receipt', async ({ page }) => {
  await page.goto('/b/early-gull-bakery');
  await page.getByRole('main').getByRole('link', { name: 'Report a problem' }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page).toHaveTitle(/^Error:/);
  await page.getByRole('radio', { name: /It has closed for good or moved/ }).locator('xpath=ancestor::label').click();
  await page.getByLabel('What is wrong?').fill('The shutters have been down for a month.');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('status')).toContainText('Thank you');
  await expect(page.getByRole('status').getByRole('code')).toHaveText(/\w{6,}/);
  await page.reload();
  await expect(page.getByRole('status')).toContainText('Received');
});

test('says where it is by the name of a street', async ({ page }) => {
  await page.goto('/');
  const place = page.getByRole('search', { name: 'Where are you?' });
  await place.getByLabel('Street or district').fill('Fishergate');
  await place.getByRole('button', { name: 'Show what is near' }).click();
  await expect(page.getByRole('main')).toContainText('of Fishergate');
  await expect(page).toHaveURL(/near=Fishergate/);
  await page.goto('/');
  await expect(page.getByRole('main')).toContainText('of Fishergate'); // remembered by name
});

test('says where it is by a hexagon of the map', async ({ page }) => {
  await page.goto('/?view=map');
  const map = page.getByRole('complementary', { name: 'Map' }).getByRole('group', { name: 'Map' });
  const { width, height } = await map.boundingBox();
  await map.click({ position: { x: width * 0.15, y: height * 0.85 } }); // out at sea, away from every plate
  await expect(page).toHaveURL(/[?&]cell=[0-9a-f]{15}\b/);
  await expect(page.getByRole('heading', { level: 2 }).getByRole('link').first()).toBeVisible();
});

test('moves the map, and the list comes along @js', async ({ page, isMobile }) => {
  await page.goto('/?near=Harbour+Street&view=map');
  const map = page.getByRole('complementary', { name: 'Map' });
  const came = () => page.waitForResponse((answer) => answer.url().includes('view=map') && answer.url().includes('reach='));
  const plates = () => map.locator('.m-plate').evaluateAll((links) => links.map((a) => a.getAttribute('aria-label').replace(/^(\d+)\. (.*?)(, [\d.,]+.k?m)?$/, '$1 $2')).sort());
  const cards = () => page.locator('.place').evaluateAll((items) => items.map((item) => `${item.querySelector('.place-no').textContent} ${item.querySelector('h2').textContent}`));
  const inStep = async () => {
    const list = await cards();
    for (const one of await plates()) expect(list).toContain(one);
  };
  let answer = came();
  await map.getByRole('link', { name: 'Zoom out' }).click();
  await answer;
  await expect(page).toHaveURL(/reach=\d+/);
  await inStep();
  const before = await page.evaluate(() => performance.timeOrigin);
  if (!isMobile) {
    const { x, y, width, height } = await map.boundingBox();
    answer = came();
    await page.mouse.move(x + width * 0.5, y + height * 0.4);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.3, y + height * 0.5, { steps: 3 });
    await page.mouse.up();
    await answer;
    await expect(page).toHaveURL(/cell=[0-9a-f]{15}/);
    await inStep();
  }
  await map.focus();
  for (const key of ['ArrowLeft', 'ArrowUp', '-', '+']) {
    const url = page.url();
    answer = came();
    await page.keyboard.press(key);
    await answer;
    await expect(page).not.toHaveURL(url);
    await inStep();
    await expect(map).toBeFocused();
  }
  expect(await page.evaluate(() => performance.timeOrigin)).toBe(before); // never left the page
});

test('zooms the map by plain links', async ({ page }) => {
  await page.goto('/?near=Harbour+Street&view=map');
  const map = page.getByRole('complementary', { name: 'Map' });
  for (const way of ['Zoom out', 'Zoom out', 'Zoom in']) {
    const url = page.url();
    await map.getByRole('link', { name: way }).click();
    await expect(page).not.toHaveURL(url);
    await expect(map.getByRole('group', { name: 'Map' })).toBeVisible();
  }
});

test('says where it is by its position, which stays in the browser @js', async ({ page, context, baseURL }) => {
  await context.grantPermissions(['geolocation'], { origin: baseURL });
  await page.goto('/');
  const address = await page.getByRole('main').evaluate(() => document.querySelector('script[type="application/ld+json"]')?.textContent ?? '');
  expect(address).toBe('');
  await context.setGeolocation({ latitude: 53.28, longitude: -6.02 });
  await page.getByRole('button', { name: 'Use my location' }).click();
  await expect(page).toHaveURL(/[?&]cell=89[0-9a-f]{13}\b/);
});

test('filters the list without a reload, and Back undoes it @js', async ({ page }) => {
  await page.goto('/?near=Harbour+Street');
  const before = await page.evaluate(() => performance.timeOrigin);
  await page.getByRole('checkbox', { name: 'Delivers' }).locator('xpath=ancestor::label').click();
  await expect(page).toHaveURL(/delivery=1/);
  await expect(page.getByRole('listitem').filter({ hasText: 'Delivers' }).first()).toBeVisible();
  expect(await page.evaluate(() => performance.timeOrigin)).toBe(before);
  await page.goBack();
  await expect(page).not.toHaveURL(/delivery=1/);
  await expect(page.getByRole('checkbox', { name: 'Delivers' })).not.toBeChecked();
});
