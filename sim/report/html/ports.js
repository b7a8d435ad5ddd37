// Bytes a cycle of the ports.

/// What one port may move: the ceiling that binds all traffic, lower ones of single channels, and the width of
/// the port where the traffic comes near it, or passes the others in steps too short to be steady.
function portLimits(run, port, most) {
  const ceilings = ceilingsOf(run, port === 0 ? 'sram' : 'dram');
  const {step_cycles: step, steady_cycles: steady} = run.timeline.bandwidth;
  const passed = ceilings.length > 0 && step < steady && most > ceilings[0].bytes_per_cycle;
  return ceilings.filter((each, index) => index === 0 || (each.channel ? each.bytes_per_cycle < .95 * ceilings[0].bytes_per_cycle
    : each.kind === 'width' && (passed || most > .6 * each.bytes_per_cycle)));
}

function portChart(run, port) {
  const {step_cycles: step, series} = run.timeline.bandwidth;
  const mine = series.filter(each => each.port === port);
  if (!mine.length) return null;
  const steps = mine[0].bytes.length;
  const last = run.total.cycles - (steps - 1) * step;
  const cycles = i => i + 1 === steps ? last : step;
  let most = 0;
  for (let i = 0; i < steps; ++i) most = Math.max(most, mine.reduce((sum, each) => sum + each.bytes[i], 0) / cycles(i));
  const limits = portLimits(run, port, most);
  const top = Math.max(most, ...limits.map(each => each.bytes_per_cycle)) * 1.08, height = 170, floor = height - 20;
  const y = rate => floor - rate / top * (floor - 8);
  const chart = timeChart(height, (pen, self) => {
    grid(pen, self);
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
    pen.fillStyle = theme('ground');
    pen.fillRect(0, 0, gutter - 1, height);
    pen.fillStyle = theme('soft');
    pen.textAlign = 'right';
    const by = roundStep(top, 5);
    for (let rate = 0; rate <= top; rate += by) pen.fillText(`${+rate.toPrecision(3)}`, gutter - 6, Math.max(8, y(rate)));
    pen.textAlign = 'left';
    pen.strokeStyle = theme('ink');
    for (const each of limits) {
      pen.setLineDash(each === limits[0] ? [6, 4] : [2, 4]);
      pen.beginPath();
      pen.moveTo(gutter, y(each.bytes_per_cycle));
      pen.lineTo(self.width, y(each.bytes_per_cycle));
      pen.stroke();
    }
    pen.setLineDash([]);
  }, (x, yAt, self) => {
    const i = Math.floor(self.cycle(x) / step);
    if (i < 0 || i >= steps) return '';
    const lines = mine.filter(each => each.bytes[i]).map(each =>
      `${each.channel}: ${(each.bytes[i] / cycles(i)).toFixed(2)} B/cycle (${readable(each.bytes[i])})`);
    const sum = mine.reduce((all, each) => all + each.bytes[i], 0);
    return [`axi${port}, cycles ${grouped(i * step)} to ${grouped(i * step + cycles(i))}: ${(sum / cycles(i)).toFixed(2)} B/cycle of payload`, ...lines].join('\n');
  });
  const said = limits.map((each, index) => `${index ? 'dotted' : 'dashed'}: at most ${ceilingText(each)}`);
  return el('div', {}, el('p', {class: 'caption', text: [`axi${port}, ${port === 0 ? 'SRAM' : offChip(run)}: bytes a cycle`, ...said].join('; ')}), chart.canvas);
}
