// A submit button that shows it has been pressed and takes no second press; the
// server's one-time token is what makes a repeat harmless.
/** @param {HTMLButtonElement} button */
export default function once(button) {
  button.form?.addEventListener('submit', (event) => {
    if (button.getAttribute('aria-busy') === 'true') event.preventDefault();
    button.setAttribute('aria-busy', 'true');
  });
  window.addEventListener('pageshow', () => button.removeAttribute('aria-busy'));
}
