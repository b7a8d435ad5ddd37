// Charts over time: units, ports, memory. They share one view, so that zooming one zooms all.
const chartFont = '12px system-ui, sans-serif';
let gutter = 132;  // of names, left of the charts: less on a phone
let charts = [];
let view = {from: 0, to: 1, total: 1};

function setView(from, to) {
  const least = Math.min(view.total, 50);
  let span = Math.max(least, Math.min(to - from, view.total));
  from = Math.max(0, Math.min(from, view.total - span));
  view.from = from;
  view.to = from + span;
  const shown = document.getElementById('timeline') || document.getElementById('arena');
  if (shown) {
    shown.dataset.from = Math.round(view.from);
    shown.dataset.to = Math.round(view.to);
  }
  for (const each of document.querySelectorAll('.range')) {
    each.textContent = `cycles ${grouped(view.from)} to ${grouped(view.to)} of ${grouped(view.total)}`;
  }
  for (const chart of charts) chart.draw();
}
const zoom = (factor, at) => setView(at - (at - view.from) * factor, at + (view.to - at) * factor);

function zoomBar() {
  const middle = () => (view.from + view.to) / 2;
  return el('div', {class: 'bar'},
    el('button', {class: 'zoom-in', text: 'zoom in', title: 'half the cycles shown', on: {click: () => zoom(.5, middle())}}),
    el('button', {class: 'zoom-out', text: 'zoom out', title: 'twice the cycles shown', on: {click: () => zoom(2, middle())}}),
    el('button', {class: 'zoom-all', text: 'all', title: 'the whole run', on: {click: () => setView(0, view.total)}}),
    el('span', {class: 'soft range'}),
    el('span', {class: 'soft', text: '(wheel zooms, dragging moves, a double click shows all)'}));
}

/// A canvas over time. `paint(pen, chart)` draws; `find(x, y, chart)` gives a tip's text.
function timeChart(height, paint, find) {
  const canvas = el('canvas', {class: 'pan', style: `height:${height}px`, tabindex: 0});
  const chart = {canvas, height, width: 0, x: cycle => gutter + (cycle - view.from) / (view.to - view.from) * (chart.width - gutter),
    cycle: x => view.from + (x - gutter) / (chart.width - gutter) * (view.to - view.from)};
  chart.draw = () => {
    const scale = window.devicePixelRatio || 1;
    chart.width = canvas.clientWidth || 1200;
    gutter = chart.width < 600 ? 78 : 132;
    canvas.width = Math.round(chart.width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext('2d');
    pen.scale(scale, scale);
    pen.clearRect(0, 0, chart.width, height);
    pen.font = chartFont;
    pen.textBaseline = 'middle';
    chart.ticks = ticks(chart);
    paint(pen, chart);
    axis(pen, chart);
  };
  canvas.addEventListener('wheel', event => {
    event.preventDefault();
    const x = Math.max(gutter, event.offsetX);
    zoom(event.deltaY < 0 ? .8 : 1.25, chart.cycle(x));
  }, {passive: false});
  let grabbed = null;
  canvas.addEventListener('pointerdown', event => { grabbed = {x: event.clientX, from: view.from, to: view.to}; });
  canvas.addEventListener('pointermove', event => {
    if (grabbed && event.buttons) {
      const by = (grabbed.x - event.clientX) / (chart.width - gutter) * (grabbed.to - grabbed.from);
      setView(grabbed.from + by, grabbed.to + by);
      showTip(event, '');
    } else {
      showTip(event, event.offsetX < gutter && !chart.gutterTips ? '' : find(event.offsetX, event.offsetY, chart));
    }
  });
  canvas.addEventListener('pointerup', () => { grabbed = null; });
  canvas.addEventListener('pointerleave', event => { grabbed = null; showTip(event, ''); });
  canvas.addEventListener('dblclick', () => setView(0, view.total));
  charts.push(chart);
  return chart;
}

/// Cycles in view that have a line and a figure.
function ticks(chart) {
  const step = Math.max(1, roundStep(view.to - view.from, Math.max(2, (chart.width - gutter) / (chart.width < 600 ? 70 : 110))));
  const all = [];
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) all.push(at);
  return all;
}

/// Lines at the ticks, behind what is drawn after them.
function grid(pen, chart) {
  pen.fillStyle = theme('grid');
  for (const at of chart.ticks) pen.fillRect(chart.x(at), 0, 1, chart.height - 18);
}

function axis(pen, chart) {
  const soft = theme('soft');
  pen.textAlign = 'center';
  pen.fillStyle = soft;
  for (const at of chart.ticks) {
    const x = chart.x(at);
    if (x > gutter + 12 && x < chart.width - 30) pen.fillText(short(at), x, chart.height - 8);
  }
  pen.textAlign = 'left';
  pen.fillStyle = soft;
  pen.fillText(gutter < 100 ? 'cycles' : 'NPU cycles', 8, chart.height - 8);
  pen.fillRect(gutter - 1, 0, 1, chart.height - 18);
}

/// Text in the middle of `y`, shortened to `room`; with `box` on a ground of its own, else on what is there.
function label(pen, text, x, y, room, box, ink) {
  let shown = text;
  if (pen.measureText(shown).width > room) {
    const keep = Math.floor(text.length * room / pen.measureText(text).width) - 1;
    if (keep < 4) return;
    shown = cut(text, keep);
  }
  if (box) {
    pen.fillStyle = theme('label');
    pen.fillRect(x - 3, y - 8, pen.measureText(shown).width + 6, 15);
  }
  pen.fillStyle = ink || theme('ink');
  pen.fillText(shown, x, y);
}

/// First span that may reach the view, by start. Spans: [start, length, ...].
function firstVisible(spans) {
  let low = 0, high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle][0] + spans[middle][1] < view.from) low = middle + 1; else high = middle;
  }
  return low;
}

function spanText(run, track, span) {
  const [start, length, row, busy, first, last, channel, bytes] = span;
  const op = row >= 0 ? run.operators[row] : null;
  const lines = [`${track.name}${op ? ': ' + op.name : ''}`];
  if (op) lines.push(`${op.type}${track.name === 'operators' ? `, bound by ${op.bound_by}, ${percent(op.mac_utilization)} of the MAC array` : ''}`);
  lines.push(`cycles ${grouped(start)} to ${grouped(start + length)}: ${grouped(length)}` +
    (busy < length ? `, busy in ${grouped(busy)} of them (${percent(busy / length)})` : ''));
  if (last >= 0) lines.push(`OFM block${first === last ? ` ${grouped(first)}` : `s ${grouped(first)} to ${grouped(last)}`}`);
  if (bytes) lines.push(`${run.timeline.channels[channel]}, ${readable(bytes)} of payload, ${(bytes / length).toFixed(2)} B/cycle`);
  lines.push(track.meaning);
  return lines.join('\n');
}

const rowHeight = 30;
function unitsChart(run) {
  const tracks = run.timeline.tracks;
  const chart = timeChart(tracks.length * rowHeight + 24, (pen, self) => {
    const grounds = [theme('panel'), theme('ground')];
    tracks.forEach((track, index) => {
      pen.fillStyle = grounds[index % 2];
      pen.fillRect(0, index * rowHeight, self.width, rowHeight);
    });
    grid(pen, self);
    tracks.forEach((track, index) => {
      const top = index * rowHeight;
      const floor = top + rowHeight - 4;
      const port = track.name.startsWith('axi');
      for (let i = firstVisible(track.spans); i < track.spans.length; ++i) {
        const span = track.spans[i];
        if (span[0] > view.to) break;
        const left = Math.max(gutter, self.x(span[0]));
        const right = Math.min(self.width, self.x(span[0] + span[1]));
        const width = Math.max(right - left, .6);
        const tall = Math.max(2, (rowHeight - 8) * span[3] / span[1]);
        const op = span[2] >= 0 ? run.operators[span[2]] : null;
        if (index === 0) pen.fillStyle = canvasFill(pen, (op && causes[op.bound_by]) || fallback);
        else if (port && run.timeline.resolution_cycles === 0) pen.fillStyle = canvasFill(pen, channels[run.timeline.channels[span[6]]]);
        else pen.fillStyle = units[port ? 'port' : 'unit'][0];
        pen.fillRect(left, floor - tall, width, tall);
        if (width > 3) {
          pen.fillStyle = grounds[index % 2];
          pen.fillRect(right - 1, floor - tall, 1, tall);
        }
        // Names where they hide nothing: in the first row, and on spans tall and wide enough.
        if (op && width > (index === 0 ? 34 : 90) && tall > 15) {
          label(pen, op.name, left + 6, floor - 10, width - 12, true);
        }
      }
      pen.fillStyle = grounds[index % 2];
      pen.fillRect(0, top, gutter - 1, rowHeight);
      label(pen, track.name, gutter < 100 ? 2 : 8, top + rowHeight / 2, gutter - (gutter < 100 ? 4 : 12), false);
    });
  }, (x, y, self) => {
    const track = tracks[Math.floor(y / rowHeight)];
    if (!track) return '';
    if (x < gutter) return `${track.name}: ${track.meaning}`;
    const at = self.cycle(x), slack = (view.to - view.from) / (self.width - gutter);
    const near = track.spans.find(span => span[0] - slack <= at && at <= span[0] + span[1] + slack);
    return near ? spanText(run, track, near) : `${track.name} is idle at cycle ${grouped(at)}`;
  });
  chart.gutterTips = true;
  return chart.canvas;
}
