// Keys of the verifier's desk: J and K move through the queue, A, Q and R bring
// the decision, slash finds. They never fire in a field or with a modifier.
/** @param {HTMLElement} desk */
export default function queue(desk) {
  const follow = (selector) => desk.querySelector(selector)?.click();
  const show = (id) => {
    const part = document.getElementById(id);
    if (!part) return;
    part.open = true;
    part.querySelector('textarea, select, input:not([type="hidden"]), button')?.focus();
  };
  const keys = {
    j: () => follow('[data-key="j"]'),
    k: () => follow('[data-key="k"]'),
    a: () => desk.querySelector('[data-key="a"]')?.focus(),
    q: () => show('ask'),
    r: () => show('refuse'),
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select')) return;
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
