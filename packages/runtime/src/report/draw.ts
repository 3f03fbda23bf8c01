import type { EChartsCoreOption } from 'echarts/core';
import { isLogarithmic, type Chart } from './charts.js';

const WIDTH = 520;
const HEIGHT = 260;
/** Colors that the page's style sheet defines for light and dark. */
const SERIES_COLORS = 6;
/** Up to this many epochs, each has a point. */
const FEW_EPOCHS = 30;

/** Loads the drawing library and returns a function that draws a chart as SVG text. `id` prefixes every name in it. */
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

/** One chart as SVG text; see `openDrawing`. */
export async function drawChart(chart: Chart, id: string): Promise<string> {
  const draw = await openDrawing();
  return draw(chart, id);
}

/** Colors are variables of the page's style sheet, so that a chart follows the page's light or dark mode. */
function optionsOf(chart: Chart): EChartsCoreOption {
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
    color: Array.from({ length: SERIES_COLORS }, (_, i) => `var(--series-${i + 1})`),
    legend: {
      type: 'plain',
      top: 0,
      left: 0,
      icon: 'roundRect',
      itemWidth: 14,
      itemHeight: 4,
      itemGap: 22, // texts are wider in some fonts than is assumed here
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
      ...horizontal(chart),
      nameLocation: 'middle',
      nameGap: 24,
      nameTextStyle: { color: 'currentColor' },
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
      // A single point has no line, and neither has one between two gaps.
      showSymbol: values.length <= FEW_EPOCHS || values.some((value) => !Number.isFinite(value)),
      itemStyle: { color: `var(--series-${(i % SERIES_COLORS) + 1})` },
      lineStyle: { width: 2, type: i < SERIES_COLORS ? 'solid' : 'dashed' },
      data: values.map((value, i) => [
        chart.axis === undefined ? i + 1 : i,
        Number.isFinite(value) ? value : '-',
      ]),
      connectNulls: chart.axis !== undefined, // not every line has a value at each place of such an axis
    })),
  };
}

/** Scale and name of the horizontal axis: its values at equal distances, or epochs. */
function horizontal({ axis, lines }: Chart): EChartsCoreOption {
  if (axis !== undefined) return { type: 'category', name: axis.name, data: axis.values.map(String) };
  const epochs = Math.max(...lines.map(({ values }) => values.length));
  return { type: 'value', name: 'epoch', min: 1, max: Math.max(2, epochs), minInterval: 1 };
}

/** Makes an SVG fit to embed: no style of its own, names that are unique on the page and equal for equal charts. */
function embeddable(svg: string, id: string): string {
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (class|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`);
}
