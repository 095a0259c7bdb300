// The summary of errors takes the focus, so that it is the first thing heard.
/** @param {HTMLElement} element */
export default function focus(element) {
  element.focus();
}
