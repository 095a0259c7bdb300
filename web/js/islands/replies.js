// Ready replies: a tap puts the text into the note.
/** @param {HTMLElement} list */
export default function replies(list) {
  const note = document.getElementById(list.dataset.target);
  if (!note) return;
  list.hidden = false;
  list.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-text]');
    if (!button) return;
    note.value = note.value ? `${note.value.trimEnd()}\n\n${button.dataset.text}` : button.dataset.text;
    note.focus();
  });
}
