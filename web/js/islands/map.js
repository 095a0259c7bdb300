// The map that can be moved. The server draws it; here it is only dragged, and
// what lies under its middle then is a hexagon, whose link leads to the same
// page from there: list and map come in one answer, and no coordinate leaves
// the browser.
const TURN = 4; // of a movement, in pixels, that is none yet

/** @param {HTMLElement} aside */
export default function map(aside) {
  const list = document.getElementById('main');
  const touches = new Map();
  let from = null; // where the fingers were, and how far apart
  let moved = false;
  let coming = null; // the page that is on its way

  const drawing = () => aside.querySelector(':scope > svg');
  const zoom = (way) => aside.querySelector(`[data-zoom="${way}"]`)?.href;
  const reach = () => Number(aside.querySelector('[data-reach]')?.dataset.reach);

  /** The link of the hexagon nearest to the point so many pixels from the middle. */
  function cellAt(dx, dy) {
    const box = aside.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2 + dx, box.top + box.height / 2 + dy];
    let nearest, least = Infinity;
    for (const hex of aside.querySelectorAll('.m-cell > polygon')) {
      const { left, right, top, bottom } = hex.getBoundingClientRect();
      const away = Math.hypot((left + right) / 2 - x, (top + bottom) / 2 - y);
      if (away < least) [nearest, least] = [hex.parentElement, away];
    }
    return nearest?.href.baseVal;
  }

  async function go(href, scale = 1) {
    if (!href) return;
    const url = new URL(href, location.href);
    if (!url.searchParams.has('reach') || scale !== 1) url.searchParams.set('reach', String(Math.round(reach() / scale)));
    url.searchParams.set('view', 'map');
    coming?.abort();
    coming = new AbortController();
    let page;
    try {
      const answer = await fetch(url, { signal: coming.signal, headers: { Accept: 'text/html' } });
      if (!answer.ok) throw new Error(answer.statusText);
      page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    } catch (error) {
      if (error.name !== 'AbortError') location.assign(url); // the server says what is wrong
      return;
    }
    const focused = aside.contains(document.activeElement);
    aside.replaceChildren(...page.querySelector('.near-map').childNodes);
    list.replaceChildren(...page.getElementById('main').childNodes);
    document.querySelector('header.site .bar').replaceWith(page.querySelector('header.site .bar')); // it names the place
    document.title = page.title;
    if (!new URLSearchParams(location.search).has('view')) url.searchParams.delete('view');
    history.replaceState(null, '', url);
    if (focused) aside.focus({ preventScroll: true });
    window.htmx?.process(document.body);
    document.dispatchEvent(new CustomEvent('htmx:after:swap'));
  }

  function hold() {
    const points = [...touches.values()];
    const x = points.reduce((sum, p) => sum + p.x, 0) / points.length;
    const y = points.reduce((sum, p) => sum + p.y, 0) / points.length;
    return { x, y, apart: points.length > 1 ? Math.hypot(points[0].x - points[1].x, points[0].y - points[1].y) : 0 };
  }

  // A finger scrolls the page, as everywhere; two move the map.
  const enough = (event) => event.pointerType !== 'touch' || touches.size > 1;

  aside.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.target.closest('.map-ctl') || !drawing()) return;
    touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
    from = enough(event) ? hold() : null;
    moved = false;
  });

  addEventListener('pointermove', (event) => {
    if (!touches.has(event.pointerId)) return;
    touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (!from) return;
    const now = hold();
    if (!moved && Math.hypot(now.x - from.x, now.y - from.y) < TURN && Math.abs(now.apart - from.apart) < TURN) return;
    moved = true;
    aside.dataset.moving = '';
    const scale = from.apart ? now.apart / from.apart : 1;
    const box = aside.getBoundingClientRect();
    drawing().style.transformOrigin = `${from.x - box.left}px ${from.y - box.top}px`;
    drawing().style.transform = `translate(${now.x - from.x}px, ${now.y - from.y}px) scale(${scale})`;
    from.scale = scale;
  });

  function release(event) {
    if (!touches.delete(event.pointerId) || !from) return;
    const { scale = 1 } = from;
    from = null;
    delete aside.dataset.moving;
    if (!moved) return;
    const href = cellAt(0, 0);
    if (href) go(href, scale);
    else drawing().style.transform = '';
  }
  addEventListener('pointerup', release);
  addEventListener('pointercancel', release);

  aside.addEventListener('click', (event) => {
    const link = event.target.closest('a');
    if (moved) {
      moved = false;
      event.preventDefault();
    } else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && link.matches('.m-cell, [data-zoom]')) {
      event.preventDefault();
      go(link.href.baseVal ?? link.href);
    }
  });
  aside.addEventListener('dragstart', (event) => event.preventDefault());

  let turned = 0;
  aside.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return; // the wheel alone scrolls the page
    event.preventDefault();
    if (event.timeStamp - turned < 250) return;
    turned = event.timeStamp;
    go(zoom(event.deltaY < 0 ? 'closer' : 'farther'));
  }, { passive: false });

  aside.tabIndex = 0;
  aside.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const box = aside.getBoundingClientRect();
    const step = Math.min(box.width, box.height) / 3;
    const keys = {
      ArrowLeft: () => cellAt(-step, 0), ArrowRight: () => cellAt(step, 0), ArrowUp: () => cellAt(0, -step), ArrowDown: () => cellAt(0, step),
      '+': () => zoom('closer'), '=': () => zoom('closer'), '-': () => zoom('farther'),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    go(keys[event.key]());
  });
}
