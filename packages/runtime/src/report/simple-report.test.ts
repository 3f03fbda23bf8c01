import { expect, it } from 'vitest';
import { renderSimpleReport } from './simple-report.js';

it('renders sections with tables and lines, all text escaped', () => {
  const page = renderSimpleReport({
    title: 'a <b>',
    lead: 'x & y',
    sections: [
      { title: 'Results', table: { head: ['method', 'error'], rows: [['kd', '5 %'], ['"l2"', '<6 %>']] }, lines: [] }, // prettier-ignore
      { title: 'Interpretation', lines: ['one seed', '</li>'] },
      { title: 'Runs', lines: [{ text: 'seed <1>', href: 'a "b"/report.html' }] },
    ],
  });
  const plain = page.replace(/\s+/g, ' ');
  expect(plain).toContain('<title>a &lt;b&gt; · ANC</title>');
  expect(plain).toContain('<p class="soft">x &amp; y</p>');
  expect(plain).toMatch(/<tr> <th scope="col">method<\/th><th scope="col">error<\/th> <\/tr>/);
  expect(plain).toMatch(/<th scope="row">&quot;l2&quot;<\/th><td data-label="error">&lt;6 %&gt;<\/td>/);
  expect(plain).toMatch(/<ul> <li>one seed<\/li><li>&lt;\/li&gt;<\/li> <\/ul>/);
  expect(plain.match(/<ul>/g)).toHaveLength(2);
  expect(plain).toContain('<li><a href="a%20%22b%22/report.html">seed &lt;1&gt;</a></li>');
  expect(plain).not.toMatch(/<script|<link|<img/);
});

it('has the script of the server that shows it', () => {
  const page = renderSimpleReport({ title: 'a', lead: 'x', sections: [] }, '/live.js');
  expect(page).toContain('<script src="/live.js" defer></script>');
});
