// "Use my location": asked for by a tap only. The position is turned into its
// H3 cell here, in the browser; nothing finer than resolution 9 is ever sent.
const RESOLUTION = 9;

/** @param {HTMLButtonElement} button */
export default function locate(button) {
  const library = button.dataset.h3;
  if (!library || !navigator.geolocation) return;
  button.hidden = false;
  const label = button.querySelector('span');
  const idle = label.textContent;

  button.addEventListener('click', () => {
    button.setAttribute('aria-busy', 'true');
    label.textContent = button.dataset.busy;
    navigator.geolocation.getCurrentPosition(found, refused, { maximumAge: 60_000, timeout: 10_000 });
  });

  /** @param {GeolocationPosition} position */
  async function found({ coords }) {
    const { latLngToCell } = await import(library);
    const url = new URL(location.href);
    url.pathname = '/';
    for (const name of ['near', 'cursor']) url.searchParams.delete(name);
    url.searchParams.set('cell', latLngToCell(coords.latitude, coords.longitude, RESOLUTION));
    url.hash = '';
    location.assign(url);
  }

  function refused() {
    button.removeAttribute('aria-busy');
    label.textContent = idle;
    let note = button.parentElement.querySelector('[role="alert"]');
    if (!note) {
      note = document.createElement('span');
      note.setAttribute('role', 'alert');
      note.className = 'small muted';
      button.after(note);
    }
    note.textContent = button.dataset.denied;
  }
}
