// Leaving a long form with unsaved work asks once.
/** @param {HTMLFormElement} form */
export default function unsaved(form) {
  let dirty = false;
  form.addEventListener('input', () => (dirty = true));
  form.addEventListener('submit', () => (dirty = false));
  window.addEventListener('beforeunload', (event) => {
    if (dirty) event.preventDefault();
  });
}
