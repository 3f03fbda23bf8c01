import { expect, it } from 'vitest';
import { renderSimpleReport } from './simple-report.js';

it('renders sections with tables and lines, all text escaped', () => {
  const page = renderSimpleReport({
    title: 'a <b>',
    lead: 'x & y',
    sections: [
      { title: 'Results', table: { head: ['method', 'error'], rows: [['kd', '5 %'], ['"l2"', '<6 %>']] }, lines: [] }, // prettier-ignore
      { title: 'Interpretation', lines: ['one seed', '</li>'] },
    ],
  });
  const plain = page.replace(/\s+/g, ' ');
  expect(plain).toContain('<title>a &lt;b&gt; · ANC</title>');
  expect(plain).toContain('<p class="soft">x &amp; y</p>');
  expect(plain).toMatch(/<tr> <th>method<\/th><th>error<\/th> <\/tr>/);
  expect(plain).toMatch(/<th scope="row">&quot;l2&quot;<\/th> <td>&lt;6 %&gt;<\/td>/);
  expect(plain).toMatch(/<ul> <li>one seed<\/li><li>&lt;\/li&gt;<\/li> <\/ul>/);
  expect(plain.match(/<ul>/g)).toHaveLength(1);
  expect(plain).not.toMatch(/<script|<link|<img/);
});
