// The only script of the first load: it wakes the islands of a page. An island
// is an element with data-island="name"; its module is fetched when needed.
const islands = {
  auto: () => import('./islands/auto.js'),
  focus: () => import('./islands/focus.js'),
  locate: () => import('./islands/locate.js'),
  map: () => import('./islands/map.js'),
  once: () => import('./islands/once.js'),
  queue: () => import('./islands/queue.js'),
  replies: () => import('./islands/replies.js'),
  toast: () => import('./islands/toast.js'),
  unsaved: () => import('./islands/unsaved.js'),
};

/** @param {ParentNode} root */
function wake(root) {
  for (const element of root.querySelectorAll('[data-island]:not([data-awake])')) {
    const load = islands[element.dataset.island];
    if (!load) continue;
    element.dataset.awake = '';
    load().then((module) => module.default(element));
  }
}

wake(document);
document.addEventListener('htmx:after:swap', () => wake(document));
