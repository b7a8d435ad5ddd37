// Charts over time: units, ports, memory. They share one view, so that zooming one zooms all.
const gutter = 132;
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
    canvas.width = Math.round(chart.width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext('2d');
    pen.scale(scale, scale);
    pen.clearRect(0, 0, chart.width, height);
    pen.font = '12px system-ui, sans-serif';
    pen.textBaseline = 'middle';
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

function axis(pen, chart) {
  const step = Math.max(1, roundStep(view.to - view.from, 8));
  pen.textAlign = 'center';
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    const x = chart.x(at);
    pen.fillStyle = 'rgba(0,0,0,.10)';
    pen.fillRect(x, 0, 1, chart.height - 18);
    pen.fillStyle = '#5b6570';
    if (x > gutter + 12 && x < chart.width - 30) pen.fillText(short(at), x, chart.height - 8);
  }
  pen.textAlign = 'left';
  pen.fillStyle = '#5b6570';
  pen.fillText('NPU cycles', 8, chart.height - 8);
  pen.fillStyle = '#b6bec6';
  pen.fillRect(gutter - 1, 0, 1, chart.height - 18);
}

/// Text in the middle of `y`, shortened to `room`; with `box` on a light ground.
function label(pen, text, x, y, room, box) {
  let shown = text;
  if (pen.measureText(shown).width > room) {
    const keep = Math.floor(text.length * room / pen.measureText(text).width) - 2;
    if (keep < 3) return;
    const tail = Math.floor(keep * .6);
    shown = text.slice(0, keep - tail) + '…' + text.slice(text.length - tail);
  }
  if (box) {
    pen.fillStyle = 'rgba(255,255,255,.85)';
    pen.fillRect(x - 3, y - 8, pen.measureText(shown).width + 6, 15);
  }
  pen.fillStyle = '#1c2024';
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
  const shade = [['#0072b2', '#5aa9d6'], ['#3d7a5f', '#86bfa6']];
  const chart = timeChart(tracks.length * rowHeight + 24, (pen, self) => {
    tracks.forEach((track, index) => {
      const top = index * rowHeight;
      const floor = top + rowHeight - 4;
      pen.fillStyle = index % 2 ? '#fff' : '#f6f8fa';
      pen.fillRect(0, top, self.width, rowHeight);
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
        else pen.fillStyle = shade[port ? 1 : 0][(span[2] & 1)];
        pen.fillRect(left, floor - tall, width, tall);
        if (index === 0 && width > 3) {
          pen.fillStyle = '#fff';
          pen.fillRect(right - 1, floor - tall, 1, tall);
        }
        // Names where they hide nothing: in the first row, and on spans tall and wide enough.
        if (op && width > (index === 0 ? 34 : 90) && tall > 15) {
          label(pen, op.name, left + 6, floor - 10, width - 12, true);
        }
      }
      pen.fillStyle = index % 2 ? '#fff' : '#f6f8fa';
      pen.fillRect(0, top, gutter - 1, rowHeight);
      label(pen, track.name, 8, top + rowHeight / 2, gutter - 12, false);
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

function portChart(run, port) {
  const {step_cycles: step, series} = run.timeline.bandwidth;
  const mine = series.filter(each => each.port === port);
  if (!mine.length) return null;
  const steps = mine[0].bytes.length;
  const last = run.total.cycles - (steps - 1) * step;
  const cycles = i => i + 1 === steps ? last : step;
  const memory = port === 0 ? run.target.sram : run.target.dram;
  const cap = run.target.memory.ideal ? 0 : memory.bandwidth;
  let most = cap;
  for (let i = 0; i < steps; ++i) most = Math.max(most, mine.reduce((sum, each) => sum + each.bytes[i], 0) / cycles(i));
  const top = most * 1.08, height = 170, floor = height - 20;
  const y = rate => floor - rate / top * (floor - 8);
  const chart = timeChart(height, (pen, self) => {
    const first = Math.max(0, Math.floor(view.from / step)), end = Math.min(steps, Math.ceil(view.to / step));
    for (let i = first; i < end; ++i) {
      const left = Math.max(gutter, self.x(i * step)), right = Math.min(self.width, self.x(i * step + cycles(i)));
      let below = 0;
      for (const each of mine) {
        const rate = each.bytes[i] / cycles(i);
        if (!rate) continue;
        pen.fillStyle = canvasFill(pen, channels[each.channel]);
        pen.fillRect(left, y(below + rate), Math.max(right - left, .6), y(below) - y(below + rate));
        below += rate;
      }
    }
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, gutter - 1, height);
    pen.fillStyle = '#1c2024';
    pen.fillText(`axi${port}: ${port === 0 ? 'SRAM' : offChip(run)}`, 8, 16);
    pen.fillStyle = '#5b6570';
    pen.fillText('bytes a cycle', 8, 34);
    pen.textAlign = 'right';
    const by = roundStep(top, 5);
    for (let rate = 0; rate <= top; rate += by) pen.fillText(`${+rate.toPrecision(3)}`, gutter - 6, y(rate));
    pen.textAlign = 'left';
    if (cap > 0) {
      pen.strokeStyle = '#d55e00';
      pen.setLineDash([6, 4]);
      pen.beginPath();
      pen.moveTo(gutter, y(cap));
      pen.lineTo(self.width, y(cap));
      pen.stroke();
      pen.setLineDash([]);
      const text = `bandwidth of the memory: ${cap} B/cycle`, room = pen.measureText(text).width;
      pen.fillStyle = 'rgba(255,255,255,.85)';
      pen.fillRect(self.width - room - 12, y(cap) + 3, room + 8, 16);
      pen.fillStyle = '#a34700';
      pen.fillText(text, self.width - room - 8, y(cap) + 12);
    }
  }, (x, yAt, self) => {
    const i = Math.floor(self.cycle(x) / step);
    if (i < 0 || i >= steps) return '';
    const lines = mine.filter(each => each.bytes[i]).map(each =>
      `${each.channel}: ${(each.bytes[i] / cycles(i)).toFixed(2)} B/cycle (${readable(each.bytes[i])})`);
    const sum = mine.reduce((all, each) => all + each.bytes[i], 0);
    return [`axi${port}, cycles ${grouped(i * step)} to ${grouped(i * step + cycles(i))}: ${(sum / cycles(i)).toFixed(2)} B/cycle of payload`, ...lines].join('\n');
  });
  return chart.canvas;
}

function memoryChart(run, memory) {
  const ranges = run.live_ranges.filter(each => each.memory === memory);
  if (!ranges.length) return null;
  const most = ranges.reduce((all, each) => Math.max(all, each.offset + each.bytes), 0);
  const capacity = memory === 'sram' ? run.sram.capacity_bytes : 0;
  const top = Math.max(most, capacity <= 3 * most ? capacity : 0) * 1.03;
  const height = memory === 'sram' ? 320 : 220, floor = height - 20;
  const y = bytes => floor - bytes / top * (floor - 6);
  const style = each => each.spilled ? kinds.spilled : kinds[each.kind] || fallback;
  const chart = timeChart(height, (pen, self) => {
    for (const each of ranges) {
      if (each.end_cycle < view.from || each.start_cycle > view.to) continue;
      const left = Math.max(gutter, self.x(each.start_cycle)), right = Math.min(self.width, self.x(each.end_cycle));
      const width = Math.max(right - left, 1), high = y(each.offset + each.bytes), tall = Math.max(1, y(each.offset) - high);
      pen.fillStyle = canvasFill(pen, style(each));
      pen.fillRect(left, high, width, tall);
      pen.strokeStyle = each.spilled ? '#7a3500' : 'rgba(0,0,0,.35)';
      pen.lineWidth = each.spilled ? 1.5 : .5;
      pen.strokeRect(left, high, width, tall);
      if (tall > 13 && width > 44) {
        const text = (each.spilled ? 'SPILLED ' : '') + each.name;
        label(pen, text, left + 5, high + tall / 2, width - 9, true);
      }
    }
    pen.lineWidth = 1;
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, gutter - 1, height);
    pen.fillStyle = '#1c2024';
    pen.fillText(memory === 'sram' ? 'SRAM' : `${offChip(run)} arena`, 8, 16);
    pen.fillStyle = '#5b6570';
    pen.fillText('address', 8, 34);
    pen.textAlign = 'right';
    const power = 2 ** Math.floor(Math.log2(top / 4));
    for (let bytes = 0; bytes <= top; bytes += power) {
      if (y(bytes) > 46 || bytes === 0) pen.fillText(readable(bytes), gutter - 6, y(bytes));
    }
    pen.textAlign = 'left';
    if (capacity && capacity <= top) {
      pen.fillStyle = '#d55e00';
      pen.fillRect(gutter, y(capacity), self.width, 1.5);
      pen.fillStyle = '#a34700';
      pen.fillText(`capacity ${readable(capacity)}`, self.width - 150, y(capacity) + 9);
    }
  }, (x, yAt, self) => {
    const at = self.cycle(x), slack = (view.to - view.from) / (self.width - gutter);
    const hit = ranges.filter(each => each.start_cycle - slack <= at && at <= each.end_cycle + slack &&
      y(each.offset + each.bytes) - 1 <= yAt && yAt <= y(each.offset) + 1).pop();
    if (!hit) return '';
    return `${hit.name}${hit.spilled ? ' (SPILLED)' : ''}\n${(hit.spilled ? kinds.spilled : kinds[hit.kind] || fallback)[2]}\n` +
      `${grouped(hit.bytes)} B at ${grouped(hit.offset)} in ${hit.memory.toUpperCase()}\n` +
      `alive from cycle ${grouped(hit.start_cycle)} to ${grouped(hit.end_cycle)}`;
  });
  return chart.canvas;
}
