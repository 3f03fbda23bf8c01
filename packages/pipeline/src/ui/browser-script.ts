/** Runs on the pages of `anc-cli ui`: shows what is new without losing the place, and sends the form when it changes. */
export const BROWSER_SCRIPT = `'use strict';
const own = location.pathname.startsWith('/runs/')
  ? decodeURIComponent(location.pathname.replace(/^\\/runs\\//, '').replace(/\\/?report\\.html$/, ''))
  : null;
let busy = false;
let again = false;
async function refresh() {
  again = true;
  if (busy) return;
  busy = true;
  while (again) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    again = false;
    await show().catch(() => undefined); // the next event comes when the server is back
  }
  busy = false;
}
async function show() {
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
const inside = (run) => own === null || own === '' || run.startsWith(own + '/');
const events = new EventSource('/events');
const about = (event) => {
  const { run } = JSON.parse(event.data);
  if (run === own || inside(run)) refresh();
};
events.addEventListener('epoch', about);
events.addEventListener('finished', about);
events.addEventListener('runs', (event) => {
  if (own === null || JSON.parse(event.data).runs.some(inside)) refresh();
});
document.addEventListener('change', (event) => event.target.form && event.target.form.requestSubmit());
`;
