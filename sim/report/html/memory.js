// Who lives where in the memories.

/// Where spilled maps would have lived: above all that was in SRAM meanwhile. Each with `offset` there.
function missedRoom(ranges) {
  const above = ranges.filter(each => each.memory === 'sram').map(each => ({...each, top: each.offset + each.bytes}));
  return ranges.filter(each => each.spilled).map(each => {
    const meanwhile = above.filter(other => other.start_cycle < each.end_cycle && each.start_cycle < other.end_cycle);
    const offset = meanwhile.reduce((all, other) => Math.max(all, other.top), 0);
    above.push({...each, top: offset + each.bytes});
    return {...each, offset, missed: true};
  });
}

function memoryText(each) {
  const kind = each.spilled ? kinds.spilled : kinds[each.kind] || fallback;
  const place = each.missed ? `${grouped(each.bytes)} B, which would have reached up to ${grouped(each.offset + each.bytes)} in SRAM`
    : `${grouped(each.bytes)} B at ${grouped(each.offset)} in ${each.memory.toUpperCase()}`;
  return `${each.name}${each.spilled ? ' (SPILLED)' : ''}\n${kind[2]}\n${place}\nalive from cycle ${grouped(each.start_cycle)} to ${grouped(each.end_cycle)}`;
}

function paintRange(pen, each, left, width, high, tall) {
  if (each.missed) {
    pen.fillStyle = theme('missed');
    pen.setLineDash([4, 3]);
  } else {
    pen.fillStyle = canvasFill(pen, each.spilled ? kinds.spilled : kinds[each.kind] || fallback);
  }
  pen.fillRect(left, high, width, tall);
  pen.strokeStyle = each.spilled ? kinds.spilled[0] : theme('soft');
  pen.lineWidth = each.spilled ? 1.5 : .5;
  pen.strokeRect(left, high, width, tall);
  pen.setLineDash([]);
  pen.lineWidth = 1;
  const small = tall <= 15 || width <= 60;
  if (tall <= 9 || width <= 26) return;
  if (small) pen.font = '10px system-ui, sans-serif';
  label(pen, (each.spilled && !small ? 'SPILLED ' : '') + each.name, left + 4, high + tall / 2, width - 7, tall > 14, tall > 14 || each.missed ? null : '#1c2024');
  if (small) pen.font = chartFont;
}

function memoryChart(run, memory) {
  const there = run.live_ranges.filter(each => each.memory === memory);
  const missed = memory === 'sram' ? missedRoom(run.live_ranges) : [];
  const ranges = [...there, ...missed];
  if (!ranges.length) return null;
  const most = ranges.reduce((all, each) => Math.max(all, each.offset + each.bytes), 0);
  const capacity = memory === 'sram' ? run.sram.capacity_bytes : 0;
  const top = Math.max(most, capacity <= 3 * most ? capacity : 0) * 1.03;
  const height = memory === 'sram' ? (missed.length ? 440 : 320) : 220, floor = height - 20;
  const y = bytes => floor - bytes / top * (floor - 6);
  const chart = timeChart(height, (pen, self) => {
    grid(pen, self);
    for (const each of ranges) {
      if (each.end_cycle < view.from || each.start_cycle > view.to) continue;
      const left = Math.max(gutter, self.x(each.start_cycle)), right = Math.min(self.width, self.x(each.end_cycle));
      const high = y(each.offset + each.bytes);
      paintRange(pen, each, left, Math.max(right - left, 1), high, Math.max(1, y(each.offset) - high));
    }
    pen.fillStyle = theme('ground');
    pen.fillRect(0, 0, gutter - 1, height);
    pen.fillStyle = theme('soft');
    pen.textAlign = 'right';
    const power = 2 ** Math.floor(Math.log2(top / 4));
    for (let bytes = 0; bytes <= top; bytes += power) pen.fillText(readable(bytes), gutter - 6, Math.max(8, y(bytes)));
    pen.textAlign = 'left';
    if (capacity && capacity <= top) {
      pen.fillStyle = theme('ink');
      pen.fillRect(gutter, y(capacity) - .75, self.width, 1.5);
    }
  }, (x, yAt, self) => {
    const at = self.cycle(x), slack = (view.to - view.from) / (self.width - gutter);
    const hit = ranges.filter(each => each.start_cycle - slack <= at && at <= each.end_cycle + slack &&
      y(each.offset + each.bytes) - 1 <= yAt && yAt <= y(each.offset) + 1).pop();
    return hit ? memoryText(hit) : '';
  });
  const name = memory === 'sram' ? 'SRAM' : `${offChip(run)}, arena`;
  return el('div', {}, el('p', {class: 'caption', text: `${name}: address` + (capacity && capacity <= top ? `; the line is its capacity, ${readable(capacity)}` : '') +
    (missed.length ? '; dashed above: spilled maps, on top of what lived here meanwhile' : '')}), chart.canvas);
}
