// A form of filters that applies itself. Without htmx the whole page reloads.
/** @param {HTMLFormElement} form */
export default function auto(form) {
  form.addEventListener('change', () => {
    if (!window.htmx || !form.hasAttribute('hx-get')) form.requestSubmit();
  });
}
