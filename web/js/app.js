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

// What a person has unfolded stays open when news take the place of the page
// around it: the server does not know what is open. A form is known by where it
// is sent to.
const forms = (state) => document.querySelectorAll(`details${state} > form[action]`);
let unfolded = [];
document.addEventListener('htmx:before:swap', () => {
  unfolded = [...forms('[open]')].map((form) => form.getAttribute('action'));
});

wake(document);
document.addEventListener('htmx:after:swap', () => {
  for (const form of forms(':not([open])')) {
    if (unfolded.includes(form.getAttribute('action'))) form.parentElement.open = true;
  }
  wake(document);
});
