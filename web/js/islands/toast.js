// A message about what happened leaves by itself, unless it is being read.
/** @param {HTMLElement} toast */
export default function toast(toast) {
  let timer;
  const start = () => (timer = setTimeout(() => toast.remove(), 10_000));
  const stop = () => clearTimeout(timer);
  for (const name of ['pointerenter', 'focusin']) toast.addEventListener(name, stop);
  for (const name of ['pointerleave', 'focusout']) toast.addEventListener(name, start);
  start();
}
