// What a first visit weighs, as it goes over the wire to a browser that reads
// brotli: pages, style, scripts, fonts and the pictures of the first screen.
import { request as ask } from 'node:http';
import { expect, test } from './journey.mjs';

/** Asks as a browser does and counts the bytes of the body as they arrive. */
function weigh(address, accept = '*/*') {
  return new Promise((resolve, reject) => {
    const headers = { 'Accept-Encoding': 'gzip, deflate, br, zstd', 'Accept-Language': 'en-GB', Accept: accept };
    ask(address, { headers }, (answer) => {
      let bytes = 0;
      answer.on('data', (part) => (bytes += part.length));
      answer.on('end', () => resolve({ status: answer.statusCode, bytes, encoding: answer.headers['content-encoding'] ?? '', kept: answer.headers['cache-control'] ?? '' }));
      answer.on('error', reject);
    }).on('error', reject).end();
  });
}

/** Everything a page loads by itself, by kind, in bytes on the wire. */
async function visit(page, path) {
  const seen = new Map();
  page.on('requestfinished', (request) => seen.set(request.url(), request.resourceType()));
  await page.goto(path);
  await page.waitForLoadState('networkidle');
  const kinds = { document: 0, stylesheet: 0, script: 0, font: 0, image: 0, fetch: 0 };
  const plain = [];
  for (const [url, type] of seen) {
    const { status, bytes, encoding } = await weigh(url, type === 'image' ? 'image/avif,image/webp,*/*' : '*/*');
    expect(status, url).toBe(200);
    kinds[type] = (kinds[type] ?? 0) + bytes;
    if (['document', 'stylesheet', 'script'].includes(type) && encoding !== 'br') plain.push(url);
  }
  expect(plain, 'text goes out as brotli').toEqual([]);
  return { ...kinds, code: kinds.document + kinds.stylesheet + kinds.script };
}

const kib = (bytes) => Number((bytes / 1024).toFixed(1));

for (const [name, path] of [['home', '/'], ['business', '/b/kiln-quay'], ['product', '/b/kiln-quay/p/speckled-mug']]) {
  test(`${name} is light @js @once`, async ({ page }, testInfo) => {
    await page.setViewportSize({ width: 390, height: 844 }); // the map is not drawn on a phone's first screen
    const { code, document, stylesheet, script, font, image } = await visit(page, path);
    const figures = Object.entries({ code, document, stylesheet, script, font, image }).map(([kind, bytes]) => `${kind} ${kib(bytes)}`).join(', ');
    testInfo.annotations.push({ type: 'KiB', description: figures });
    console.log(`      ${name}: ${figures} KiB`);
    expect(kib(code), 'HTML, CSS and JS').toBeLessThanOrEqual(60);
    expect(kib(document), 'HTML').toBeLessThanOrEqual(12);
    expect(kib(stylesheet), 'CSS').toBeLessThanOrEqual(16);
    expect(kib(script), 'JS').toBeLessThanOrEqual(24);
    expect(kib(font), 'fonts').toBeLessThanOrEqual(52);
  });
}

test('pictures of the first screen are cut to size @js @once', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const pictures = new Set();
  page.on('response', (answer) => answer.request().resourceType() === 'image' && answer.url().includes('/photos/') && pictures.add(answer.url()));
  await page.goto('/?category=food');
  await page.waitForLoadState('networkidle');
  expect(pictures.size).toBeGreaterThan(0);
  let all = 0;
  for (const url of pictures) {
    const { bytes, kept } = await weigh(url, 'image/avif,image/webp,*/*');
    expect(kib(bytes), url).toBeLessThanOrEqual(20);
    expect(kept).toContain('immutable');
    all += bytes;
  }
  expect(kib(all)).toBeLessThanOrEqual(160);
});

test('what never changes is kept, and pages are not @js @once', async ({ page, request }) => {
  const answer = await page.goto('/');
  expect(answer.headers()['cache-control']).toContain('no-store');
  expect(answer.headers()['content-security-policy']).not.toContain('unsafe');
  const style = await page.locator('link[rel="stylesheet"]').getAttribute('href');
  expect((await request.get(style)).headers()['cache-control']).toContain('immutable');
});
