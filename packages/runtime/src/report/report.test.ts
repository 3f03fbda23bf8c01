import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tree } from '@anc/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MetricsRecord } from '../run-folder/metrics-log.js';
import { RunFolder } from '../run-folder/run-folder.js';
import { renderPage, type PageContent } from './page.js';
import { writeReport } from './report.js';

const network = { model: 'cnn', testError: 0.0605, parameters: 441_330, flops: 7_917_962, seconds: 79.88 };

const record = (
  name: string,
  epoch: number,
  values: Tree<number>,
  more: Partial<MetricsRecord> = {},
): MetricsRecord => ({
  model: name,
  stage: 'train',
  event: 'epoch',
  epoch,
  step: 10 * (epoch + 1),
  metrics: values,
  diagnostics: null,
  ...more,
});

const adversarial = (auc: number, gradientRatio: number) => ({
  diagnostics: { auc, teacherScore: 0.75, studentScore: 0.25, gradientRatio, gradientCosine: 0.125 },
});

const content: PageContent = {
  title: 'glyphs-1',
  result: {
    dataset: 'glyphs',
    backend: 'onnx',
    seed: 7,
    teacher: network,
    students: [
      {
        ...network,
        name: 'l2',
        testError: 0.101,
        agreement: 0.917,
        parameters: 33_794,
        flops: 971_746,
        seconds: 55.28,
      },
      { ...network, name: 'adversarial', testError: null, agreement: 0.9191, seconds: 74.85 },
    ],
    interpretation: ['adversarial: not distinguishable from l2 (single seed).'],
  },
  config: 'seed: 7\nmethods:\n  - l2\n',
  environment: { node: 'v20.19.0' },
  records: [
    record('teacher', 0, { error: 0.5, 'loss/labels': 1.0625 }),
    record('teacher', 1, { error: 0.25, 'loss/labels': 0.53125 }),
    record('l2', 0, { agreement: 0.5, 'loss/data': 40.5 }),
    record(
      'adversarial',
      0,
      { agreement: 0.5, 'loss/student': 3.5, 'gradient/cosine': 0.125 },
      adversarial(0.625, 2),
    ),
    record(
      'adversarial',
      1,
      { agreement: 0.75, 'loss/student': 1.5, 'gradient/cosine': 0.125 },
      adversarial(0.984375, 110),
    ),
  ],
};

describe('the report', () => {
  it('names every model with its numbers, the interpretation and the configuration', async () => {
    const page = await renderPage(content);
    for (const text of [
      'glyphs-1',
      'l2',
      'adversarial',
      '6.05 %',
      '10.10 %',
      '91.70 %',
      '91.91 %',
      '441,330',
      '33,794',
      '7,917,962',
      '971,746',
      '79.9',
      '55.3',
      '74.8',
      ...content.result.interpretation!,
      content.config,
      'v20.19.0',
      '0.53125',
      '40.5',
      '0.984375',
    ]) {
      expect(page).toContain(text);
    }
    for (const line of [
      'loss/labels',
      'loss/data',
      'loss/student',
      'AUC',
      'D(t)',
      'D(s)',
      'ratio',
      'cosine',
    ]) {
      expect(page, `a chart's legend`).toMatch(
        new RegExp(`<text[^>]*>${line.replace(/[()]/g, '\\$&')}</text>`),
      );
    }
    // Cost and agreement; losses and shares of three models; three charts of the discriminator and the gradients.
    expect(page.match(/<svg /g)).toHaveLength(1 + 3 * 2 + 3);
  });

  it('has intervals of as many draws as images in classification alone', async () => {
    const environment = { data: { test: { count: 1000 } } };
    const metrics = [{ name: 'iou', better: 'higher' }] as const;
    const task = { name: 'segmentation', perImage: false, metrics } as const;
    expect(await renderPage({ ...content, environment })).toMatch(/91\.70 % <span[^>]*>\(89\.8/);
    const other = await renderPage({ ...content, environment, result: { ...content.result, task } });
    expect(other).not.toMatch(/91\.70 % <span|95 % interval/);
  });

  it('shows beside agreement what a constant prediction reaches, and kappa where that is much', async () => {
    const page = async (agreementBaseline?: number) => {
      const [l2, other] = content.result.students;
      const more = agreementBaseline === undefined ? {} : { agreementBaseline, kappa: 0.1234 };
      const result = { ...content.result, classes: 10, students: [{ ...l2!, ...more }, other!] };
      return renderPage({ ...content, result });
    };
    expect(await page(0.64)).toMatch(
      /agreement of a constant[\s\S]*Cohen&#39;s kappa|agreement of a constant[\s\S]*Cohen's kappa/,
    );
    expect(await page(0.64)).toMatch(/64\.00 %[\s\S]*0\.123/);
    expect(await page(0.11)).toMatch(/agreement of a constant[\s\S]*11\.00 %/);
    expect(await page(0.11)).not.toMatch(/kappa/);
    expect(await page()).not.toMatch(/constant/);
  });

  it('shows the sheets of generated images in the page itself, where there are some', async () => {
    const png = new Uint8Array([137, 80, 78, 71]);
    const page = await renderPage({ ...content, sheets: { adversarial: [{ epoch: 2, png }] } });
    expect(page).toMatch(/<h2>adversarial<\/h2>[^]*<h3>Generated images<\/h3>[^]*after epoch 2/);
    expect(page).toContain('src="data:image/png;base64,iVBORw=="');
    expect(page).toMatch(/Content-Security-Policy[^>]*img-src data:/);
    expect(await renderPage(content)).not.toContain('Generated images');
  });

  it('lists the epochs that raised an alarm', async () => {
    const page = (await renderPage(content)).replace(/\s+/g, ' ');
    expect(page).toContain('<strong>adversarial: discriminator-won</strong> in 1 of 2 epochs (2)');
    expect(page).toContain('<strong>adversarial: adversarial-inactive</strong>');
    expect(page).not.toContain('adversarial-harmful');
    const calm = await renderPage({ ...content, records: content.records.slice(0, 3) });
    expect(calm).not.toContain('Alarms');
  });

  it('is one file: no script, nothing to load, unique names, no trace of earlier pages', async () => {
    const page = await renderPage(content);
    expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)|\b(?:src|href)=/i);
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, used] of page.matchAll(/url\(#([^)]*)\)/g)) expect(ids).toContain(used);
    expect(await renderPage(content)).toBe(page);
  });

  it('escapes all text', async () => {
    const evil = `</pre><script>alert("1")</script>&'`;
    const page = await renderPage({
      title: evil,
      config: evil,
      environment: { evil },
      result: {
        ...content.result,
        dataset: evil,
        backend: evil,
        teacher: { ...network, model: evil },
        students: [{ ...network, name: evil, agreement: 1 }],
        interpretation: [evil],
      },
      records: [record(evil, 0, { [`loss/${evil}`]: 1 }, { stage: evil })],
    });
    expect(page).not.toContain('<script');
    expect(page).not.toContain('</pre>&');
    expect(page).toContain('&lt;/pre&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;');
  });

  it('shows values that diverged as words, and draws the rest', async () => {
    const records = [
      record('l2', 0, { 'loss/data': 2 }),
      record('l2', 1, { 'loss/data': NaN }),
      record('l2', 2, { 'loss/data': Infinity }),
      record('l2', 3, { 'loss/data': 1e300, agreement: NaN }, adversarial(NaN, Infinity)),
    ];
    const result = {
      ...content.result,
      students: [{ ...content.result.students[0]!, testError: NaN, seconds: Infinity }],
    };
    const page = await renderPage({ ...content, records, result });
    expect(page).toContain('loss/data: no finite value in epochs 2–3');
    expect(page).toContain('<td>NaN</td>');
    expect(page).toContain('<td>Infinity</td>');
    expect(page).toContain('nothing beside');
    for (const [svg] of page.matchAll(/<svg [\s\S]*?<\/svg>/g)) expect(svg).not.toMatch(/NaN|Infinity/);
  });

  it('works for a run without any epoch', async () => {
    expect(await renderPage({ ...content, records: [] })).toContain('441,330');
  });
});

describe('writeReport', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'anc-report-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('is made from the files of the folder, and replaces an earlier one', async () => {
    const folder = await RunFolder.create(join(root, 'glyphs-1'), content.config);
    await folder.writeEnvironment(content.environment);
    for (const one of content.records) await folder.metrics.append(one);
    await writeReport(folder, { ...content.result, interpretation: [] });
    const path = await writeReport(folder, content.result);
    expect(path).toBe(join(root, 'glyphs-1', 'report.html'));
    expect(await readFile(path, 'utf8')).toBe(await renderPage(content));
  });

  it('reads the documents of earlier versions', async () => {
    const folder = await RunFolder.create(join(root, 'glyphs-1'), content.config);
    const line =
      '{"player":"kd","stage":"train","event":"epoch","epoch":0,"step":9,"metrics":{"auc":0.75,"loss/data":"NaN"},' +
      '"diagnostics":{"auc":0.75,"dTeacher":0.75,"dStudent":0.5,"gradientRatio":2,"gradientCosine":0.5}}\n';
    await folder.write('metrics.jsonl', line);
    const { interpretation, ...result } = { ...content.result, reading: content.result.interpretation! };
    const page = await readFile(await writeReport(folder, result), 'utf8');
    expect(page).toContain(interpretation![0]);
    expect(page).toMatch(/<h2>kd<\/h2>/);
    for (const name of ['AUC', 'D\\(t\\)', 'D\\(s\\)'])
      expect(page).toMatch(new RegExp(`<text[^>]*>${name}</text>`));
    expect(page).toContain('loss/data: no finite value in epochs 1');
    expect(page.match(/<td>discriminator\/auc<\/td>/g)).toHaveLength(1);
    expect(page).not.toMatch(/<td>(auc|dTeacher|teacherScore)<\/td>/);
  });
});
