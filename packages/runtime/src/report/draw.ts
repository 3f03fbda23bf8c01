import type { EChartsCoreOption } from 'echarts/core';
import { isLogarithmic, type Chart } from './charts.js';

const WIDTH = 520;
const HEIGHT = 260;
/** Colours that the page's style defines for light and dark. */
const SERIES_COLOURS = 6;
/** Up to here a point is drawn on every epoch. */
const FEW_EPOCHS = 30;

/** Draws charts as SVG text. Made once per page: the drawing library is loaded when a page is wanted. */
export async function openDrawing(): Promise<(chart: Chart, id: string) => string> {
  const [echarts, { LineChart }, { GridComponent, LegendComponent }, { SVGRenderer }] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ]);
  echarts.use([LineChart, GridComponent, LegendComponent, SVGRenderer]);
  return (chart, id) => {
    const drawn = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
    try {
      drawn.setOption(optionsOf(chart));
      return embeddable(drawn.renderToSVGString({ useViewBox: true }), id);
    } finally {
      drawn.dispose();
    }
  };
}

/** Colours are the page's own, so that a chart follows its light and dark. */
function optionsOf(chart: Chart): EChartsCoreOption {
  const epochs = Math.max(...chart.lines.map(({ values }) => values.length));
  const logarithmic = isLogarithmic(chart);
  const [min, max] = chart.bounds ?? [];
  const axis = {
    axisLabel: { color: 'currentColor', hideOverlap: true },
    axisLine: { lineStyle: { color: 'var(--rule)' } },
    axisTick: { lineStyle: { color: 'var(--rule)' } },
    splitLine: { lineStyle: { color: 'var(--rule)' } },
  };
  return {
    animation: false,
    color: Array.from({ length: SERIES_COLOURS }, (_, i) => `var(--series-${i + 1})`),
    legend: {
      type: 'plain',
      top: 0,
      left: 0,
      icon: 'roundRect',
      itemWidth: 14,
      itemHeight: 4,
      textStyle: { color: 'currentColor' },
    },
    grid: {
      left: 8,
      right: 20,
      top: chart.lines.length > 3 ? 56 : 36,
      bottom: 26,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: {
      ...axis,
      type: 'value',
      name: 'epoch',
      nameLocation: 'middle',
      nameGap: 24,
      nameTextStyle: { color: 'currentColor' },
      min: 1,
      max: Math.max(2, epochs),
      minInterval: 1,
      splitLine: { show: false },
    },
    yAxis: {
      ...axis,
      type: logarithmic ? 'log' : 'value',
      ...(logarithmic ? {} : { min, max }),
      scale: !logarithmic,
    },
    series: chart.lines.map(({ name, values }, i) => ({
      name,
      type: 'line',
      silent: true,
      emphasis: { disabled: true },
      symbol: 'circle',
      symbolSize: 4,
      // A single point has no line; one between two gaps has none either.
      showSymbol: values.length <= FEW_EPOCHS || values.some((value) => !Number.isFinite(value)),
      itemStyle: { color: `var(--series-${(i % SERIES_COLOURS) + 1})` },
      lineStyle: { width: 2, type: i < SERIES_COLOURS ? 'solid' : 'dashed' },
      data: values.map((value, epoch) => [epoch + 1, Number.isFinite(value) ? value : '-']),
    })),
  };
}

/** Names that are unique on the page and do not depend on what was drawn before; no style of its own. */
function embeddable(svg: string, id: string): string {
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (class|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`);
}
