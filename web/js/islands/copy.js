// A button that copies the text of data-copy.
/** @param {HTMLButtonElement} button */
export default function copy(button) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.dataset.done = '';
    setTimeout(() => delete button.dataset.done, 2000);
  });
}
