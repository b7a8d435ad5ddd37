// Tables: sorted by their headings, filtered by a word.
/// A table whose headings sort it. Columns: {title, meaning, value(row), text(row), number, node(row)}.
function sortable(id, columns, rows, press) {
  const body = el('tbody');
  const lines = rows.map((row, index) => {
    const line = el('tr', {class: 'row', 'data-index': index, on: press ? {click: () => press(row)} : {}});
    for (const column of columns) {
      const shown = column.node ? column.node(row) : (column.text || column.value)(row);
      const cell = el('td', {class: column.number ? 'n' : column.wrap ? 'wrap' : column.title === 'name' || column.title === 'type' ? column.title : null});
      cell.append(shown);
      if (column.title === 'name' || column.title === 'type') cell.title = shown;
      line.append(cell);
    }
    body.append(line);
    return {line, row, index};
  });
  const heads = columns.map(column => {
    const head = el('th', {class: column.number ? 'n sort' : 'sort', title: column.meaning, text: column.title, scope: 'col'});
    head.addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') === 'descending' || (!column.number && !head.hasAttribute('aria-sort'));
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'ascending' : 'descending');
      const sign = down ? 1 : -1;
      lines.sort((a, b) => {
        const x = column.value(a.row), y = column.value(b.row);
        const order = column.number ? x - y : String(x).localeCompare(String(y), 'en');
        return sign * order || a.index - b.index;
      });
      body.replaceChildren(...lines.map(each => each.line));
    });
    return head;
  });
  return el('div', {class: 'scroll'}, el('table', {id}, el('thead', {}, el('tr', {}, ...heads)), body));
}

/// [key, value] of everything in an object, keys dotted.
const flat = (value, key) => typeof value === 'object' && value !== null
  ? Object.entries(value).flatMap(([name, inner]) => flat(inner, key ? `${key}.${name}` : name)) : [[key, value]];

const number = (title, meaning, value, text) => ({title, meaning, value, text: row => (text || grouped)(value(row)), number: true});
const plain = (title, meaning, value, wrap) => ({title, meaning, value, wrap});
