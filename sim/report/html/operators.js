// The table of operators: searched by a word, or by a cause.
let operatorTable = null;

function operatorColumns(run, cause) {
  const columns = [
    number('#', 'position in order of first issue', op => op.index + 1),
    plain('name', 'operator of the network', op => op.name), plain('type', 'TensorFlow Lite operator', op => op.type),
    number('cycles', 'NPU cycles it accounts for: its kernel was the oldest unfinished one', op => op.cycles),
    number('share', 'its cycles of all cycles', op => op.cycles / Math.max(1, run.total.cycles), percent),
    number('MACs', 'multiply-accumulates', op => op.macs),
    number('MAC use', 'MACs over peak MACs a cycle times its cycles', op => op.mac_utilization, percent),
    plain('bound by', 'the cause with the most of its cycles', op => op.bound_by),
    {title: 'causes', meaning: 'its cycles by cause', value: op => op.bound_by,
      node: op => stackedBar('cause', causes, causeNames(op).map(name => [name, op.stalls[name]]), op.cycles, 110, 12, false)},
    number('DRAM bytes', 'payload over AXI1, bytes', op => op.dram_bytes), number('SRAM bytes', 'payload over AXI0, bytes', op => op.sram_bytes),
    number('start', 'NPU cycle of its first data', op => op.start_cycle),
    plain('block', 'OFM block of its largest kernel, height x width x depth in elements', op => op.block),
    number('kernels', 'kernel operations', op => op.kernels), number('DMAs', 'memory-to-memory transfers', op => op.dmas),
  ];
  if (cause) columns.splice(3, 0, number(`${cause} cycles`, causes[cause] ? `cycles in which ${causes[cause][2]}` : 'cycles of this cause', op => op.stalls[cause] || 0));
  return columns;
}

const around = op => [op.start_cycle - (op.end_cycle - op.start_cycle) / 10, op.end_cycle + (op.end_cycle - op.start_cycle) / 10];

function tableSection(run) {
  const rows = run.operators.map((op, index) => ({...op, index}));
  const holder = el('div'), found = el('span', {class: 'soft'});
  const search = el('input', {type: 'search', id: 'search', placeholder: 'name or type', title: 'shows the operators with this in their name or type; Enter shows the first in the charts'});
  const table = {cause: '', matches: rows};
  const cause = el('button', {class: 'cause', title: 'all operators again', on: {click: () => { table.cause = ''; table.fill(); }}});
  table.fill = () => {
    const word = search.value.trim().toLowerCase();
    table.matches = rows.filter(op => (!word || op.name.toLowerCase().includes(word) || op.type.toLowerCase().includes(word)) && (!table.cause || op.stalls[table.cause] > 0));
    if (table.cause) table.matches.sort((a, b) => b.stalls[table.cause] - a.stalls[table.cause]);
    cause.textContent = `with ${table.cause} cycles ×`;
    cause.style.display = table.cause ? '' : 'none';
    const all = table.matches.length === rows.length;
    found.textContent = all ? '' : `${table.matches.length} of ${rows.length}, ${percent(table.matches.reduce((sum, op) => sum + (table.cause ? op.stalls[table.cause] : op.cycles), 0) / Math.max(1, run.total.cycles))} of all cycles`;
    holder.replaceChildren(sortable('operators', operatorColumns(run, table.cause), table.matches, op => setView(...around(op))));
    const shown = new Set(table.matches.map(op => String(op.index)));
    for (const mark of document.querySelectorAll('#roofline path.op')) mark.classList.toggle('dim', !all && !shown.has(mark.dataset.index));
  };
  search.addEventListener('input', table.fill);
  search.addEventListener('keydown', event => { if (event.key === 'Enter' && table.matches.length) setView(...around(table.matches[0])); });
  operatorTable = table;
  table.fill();
  const without = run.model.npu_operators - run.operators.length;
  return section('table', `Operators: ${run.operators.length}`, (without > 0 ? `${without} more on the NPU ${without === 1 ? 'needs no kernel of its' : 'need no kernel of their'} own. ` : '') + 'Press a heading to sort, a row to see it in the charts over time.',
    el('div', {class: 'bar'}, el('label', {text: 'search', for: 'search'}), search, cause, found), holder);
}

/// From a cause to the operators that spend cycles on it, the most first.
function showCause(name) {
  if (!operatorTable) return;
  operatorTable.cause = name;
  operatorTable.fill();
  document.getElementById('table').scrollIntoView();
}
