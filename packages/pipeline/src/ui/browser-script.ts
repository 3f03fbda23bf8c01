/** Runs on the pages of `anc-cli ui`: shows what is new without losing the place, and sends the form when it changes. */
export const BROWSER_SCRIPT = `'use strict';
const own = location.pathname.startsWith('/runs/')
  ? decodeURIComponent(location.pathname.replace(/^\\/runs\\//, '').replace(/\\/?report\\.html$/, ''))
  : null;
let waiting = false;
async function refresh() {
  if (waiting) return;
  waiting = true;
  await new Promise((resolve) => setTimeout(resolve, 300));
  waiting = false;
  const answer = await fetch(location.href, { cache: 'no-store' });
  if (!answer.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
  const main = document.querySelector('main');
  const open = [...main.querySelectorAll('details')].map((details) => details.open);
  [...next.querySelectorAll('details')].forEach((details, i) => {
    if (i < open.length) details.open = open[i];
  });
  main.replaceChildren(...next.childNodes);
}
const events = new EventSource('/events');
const about = (event) => (own === null || JSON.parse(event.data).run === own) && refresh();
events.addEventListener('epoch', about);
events.addEventListener('finished', about);
events.addEventListener('runs', () => own === null && refresh());
document.addEventListener('change', (event) => event.target.form && event.target.form.requestSubmit());
`;
