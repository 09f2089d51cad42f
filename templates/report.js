'use strict';
(async () => {
  // The order of a row's list; `report/html.rs` writes it.
  const FIELDS = ['row', 'address', 'name', 'id', 'verdict', 'reason', 'cause', 'stops', 'action', 'urgency', 'alternative',
    'licence', 'ews', 'routing', 'graph', 'products', 'wave', 'department', 'owner', 'domain', 'evidence', 'findings',
    'integrations', 'extras'];
  const F = Object.fromEntries(FIELDS.map((name, place) => [name, place]));
  // Browsers limit an element's height; beyond this the scroll bar stands for more rows than it has pixels.
  const TALLEST = 8_000_000;
  const PRINTED = 1_000;
  // Characters of a text on paper; the table's cells on screen cut by their height.
  const PAPER = 180;
  const byId = (id) => document.getElementById(id);
  const labels = JSON.parse(byId('labels').textContent);
  const text = labels.text, column = labels.column;
  const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, labels.group);
  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

  // --- light and dark
  const root = document.documentElement;
  const wantsDark = matchMedia('(prefers-color-scheme: dark)');
  const paint = (dark) => { root.dataset.theme = dark ? 'dark' : 'light'; };
  paint(wantsDark.matches);
  wantsDark.addEventListener('change', (event) => paint(event.matches));
  byId('theme').addEventListener('click', () => paint(root.dataset.theme !== 'dark'));

  // --- data
  const load = async () => {
    const packed = atob(byId('data').textContent);
    byId('data').remove();
    const bytes = new Uint8Array(packed.length);
    for (let at = 0; at < packed.length; at++) bytes[at] = packed.charCodeAt(at);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return JSON.parse(await new Response(stream).text());
  };
  let data;
  try {
    data = await load();
  } catch (error) {
    byId('shown').textContent = text.failed;
    throw error;
  }
  const rows = data.rows, texts = data.texts;
  const word = (value) => (typeof value === 'number' ? texts[value] : value);
  const get = (row, field) => word(row[F[field]]);

  // --- what the table shows
  const COLUMNS = [
    { id: 'row', title: column.row, show: (row) => number(row[F.row]), key: (row) => row[F.row] },
    { id: 'address', title: column.address, show: (row) => row[F.address], key: (row) => row[F.address].toLowerCase(),
      sub: (row) => [row[F.name], get(row, 'cause')].filter(Boolean).join(' · ') },
    { id: 'name', title: column.display_name, show: (row) => row[F.name], key: (row) => row[F.name].toLowerCase() },
    { id: 'verdict', title: column.verdict, chip: true, key: (row) => row[F.verdict] },
    { id: 'cause', title: column.cause, show: (row) => get(row, 'cause'), key: (row) => get(row, 'cause') },
    { id: 'action', title: column.next_action, show: (row) => get(row, 'action'), key: (row) => get(row, 'action') },
    { id: 'urgency', title: column.urgency, show: (row) => labels.urgency[row[F.urgency]], key: (row) => row[F.urgency] },
    { id: 'wave', title: column.wave, show: (row) => get(row, 'wave'), key: (row) => waveRank.get(get(row, 'wave')) },
  ];
  const natural = new Intl.Collator(labels.language, { numeric: true, sensitivity: 'base' }).compare;
  const distinct = (field) => [...new Set(rows.map((row) => get(row, field)))].sort(natural);
  const waves = distinct('wave');
  const waveRank = new Map(waves.map((wave, place) => [wave, wave === '' ? Infinity : place]));

  const element = (tag, properties = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name === 'class') made.className = value;
      else if (name.includes('-') || name === 'role' || name === 'scope') made.setAttribute(name, value);
      else made[name] = value;
    }
    made.append(...children);
    return made;
  };
  const chip = (verdict) => {
    const [id, name, sign] = labels.verdict[verdict];
    const mark = element('span', { 'aria-hidden': 'true' }, sign);
    return element('span', { class: `chip ${id}` }, mark, ` ${name}`);
  };

  // --- filters
  const search = byId('search');
  const selects = { verdict: byId('by-verdict'), wave: byId('by-wave'), reason: byId('by-reason'), domain: byId('by-domain') };
  const option = (value, label) => element('option', { value, textContent: label });
  labels.verdict.forEach(([, name], place) => selects.verdict.append(option(String(place), name)));
  for (const field of ['wave', 'reason', 'domain']) {
    const values = field === 'wave' ? waves : distinct(field);
    // A select of many thousands is of no use; the search finds the rest.
    values.slice(0, 2_000).forEach((value) => selects[field].append(option(`=${value}`, value || column.group_empty)));
  }
  let haystack = null;
  const searchable = () => haystack ??= rows.map((row) => ['address', 'name', 'id', 'wave', 'department', 'owner', 'cause']
    .map((field) => get(row, field)).join('\n').toLowerCase());

  let view = rows.map((_, place) => place);
  let order = { column: COLUMNS[0], down: false };
  const choose = () => {
    const wanted = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const hay = wanted.length ? searchable() : null;
    const verdict = selects.verdict.value === '' ? null : Number(selects.verdict.value);
    const equal = ['wave', 'reason', 'domain'].filter((field) => selects[field].value !== '')
      .map((field) => [field, selects[field].value.slice(1)]);
    view = [];
    for (let place = 0; place < rows.length; place++) {
      const row = rows[place];
      if (verdict !== null && row[F.verdict] !== verdict) continue;
      if (equal.some(([field, value]) => get(row, field) !== value)) continue;
      if (hay && !wanted.every((part) => hay[place].includes(part))) continue;
      view.push(place);
    }
    sort();
  };
  const sort = () => {
    const { column: by, down } = order;
    if (by.id !== 'row' || down) {
      const keys = new Map(view.map((place) => [place, by.key(rows[place])]));
      const sign = down ? -1 : 1;
      view.sort((a, b) => {
        const left = keys.get(a), right = keys.get(b);
        return left < right ? -sign : left > right ? sign : a - b;
      });
    }
    byId('shown').textContent = view.length
      ? fill(text.shown, { shown: number(view.length), total: number(rows.length) }) : text.none;
    byId('grid').setAttribute('aria-rowcount', String(view.length + 1));
    body.scrollTop = 0;
    focused = 0;
    draw();
  };

  // --- the table, only the rows in sight
  const body = byId('body'), space = byId('space'), holder = byId('rows'), head = byId('head');
  let focused = 0;
  const rowHeight = () => (matchMedia('(max-width:760px)').matches ? 64 : 46);
  const cell = (by, row) => {
    const made = element('div', { role: 'gridcell', 'data-column': by.id });
    if (by.chip) made.append(chip(row[F.verdict]));
    else made.textContent = by.show(row);
    if (by.sub) made.append(element('span', { class: 'sub' }, by.sub(row)));
    return made;
  };
  const line = (place) => {
    const row = rows[view[place]];
    const made = element('div', { role: 'row', 'aria-rowindex': String(place + 2), tabIndex: place === focused ? 0 : -1 },
      ...COLUMNS.map((by) => cell(by, row)));
    made.dataset.place = place;
    return made;
  };
  // Where the first row in sight is, and how far it is pushed: beyond TALLEST a pixel stands for several rows.
  const geometry = () => {
    const height = rowHeight(), whole = view.length * height, tall = Math.min(whole, TALLEST);
    const seen = body.clientHeight;
    const share = tall > seen ? body.scrollTop / (tall - seen) : 0;
    const top = whole > tall ? share * (whole - seen) : body.scrollTop;
    return { height, tall, seen, top };
  };
  const draw = () => {
    const { height, tall, seen, top } = geometry();
    space.style.height = `${tall}px`;
    const first = Math.max(0, Math.floor(top / height) - 6);
    const last = Math.min(view.length, Math.ceil((top + seen) / height) + 6);
    const held = document.activeElement?.closest?.('#rows [role=row]')?.dataset.place;
    const lines = [];
    for (let place = first; place < last; place++) lines.push(line(place));
    holder.replaceChildren(...lines);
    holder.style.transform = `translateY(${body.scrollTop - (top - first * height)}px)`;
    // A focused row that was scrolled away leaves the focus to the list, so that the keys go on working.
    if (held !== undefined) (holder.querySelector(`[data-place="${held}"]`) ?? body).focus({ preventScroll: true });
  };
  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  };
  body.addEventListener('scroll', soon, { passive: true });
  addEventListener('resize', soon);
  const reveal = (place) => {
    focused = Math.max(0, Math.min(view.length - 1, place));
    const { height, tall, seen, top } = geometry();
    const from = focused * height, scale = view.length * height > tall ? (tall - seen) / (view.length * height - seen) : 1;
    if (from < top) body.scrollTop = from * scale;
    else if (from + height > top + seen) body.scrollTop = (from + height - seen) * scale;
    draw();
    holder.querySelector(`[data-place="${focused}"]`)?.focus({ preventScroll: true });
  };
  body.addEventListener('keydown', (event) => {
    const page = Math.max(1, Math.floor(body.clientHeight / rowHeight()) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in moves) {
      event.preventDefault();
      const inside = event.target.closest('#rows [role=row]');
      const move = moves[event.key];
      reveal(inside ? Number(inside.dataset.place) + move : Number.isFinite(move) ? focused : move);
    } else if ((event.key === 'Enter' || event.key === ' ') && view.length) {
      event.preventDefault();
      open(Number(event.target.closest('#rows [role=row]')?.dataset.place ?? focused));
    }
  });
  holder.addEventListener('click', (event) => {
    const made = event.target.closest('[role=row]');
    if (made) open(Number(made.dataset.place));
  });

  // --- headers that sort
  const headers = () => head.replaceChildren(...COLUMNS.map((by) => {
    const active = order.column === by;
    const button = element('button', { type: 'button' }, by.title + (active ? (order.down ? ' ▾' : ' ▴') : ''));
    if (active) button.setAttribute('aria-label', `${by.title}, ${order.down ? text.sorted_down : text.sorted_up}`);
    button.addEventListener('click', () => {
      order = { column: by, down: order.column === by && !order.down };
      headers();
      head.querySelector(`[data-column="${by.id}"] button`).focus();
      if (order.column.id === 'row' && !order.down) choose(); else sort();
    });
    const sorted = active ? (order.down ? 'descending' : 'ascending') : 'none';
    return element('div', { role: 'columnheader', 'data-column': by.id, 'aria-sort': sorted }, button);
  }));

  // --- one user
  const panel = byId('panel');
  let opened = 0;
  const moment = (seconds) => (seconds === null ? '' : new Date((data.base + seconds) * 1000).toISOString().replace(/\.\d+Z$/, 'Z'));
  const table = (titles, lines) => element('div', { class: 'scroll' }, element('table', { class: 'plain' },
    element('thead', {}, element('tr', {}, ...titles.map((title) => element('th', { scope: 'col' }, title)))),
    element('tbody', {}, ...lines.map((cells) => element('tr', {}, ...cells.map((content) => element('td', {}, content)))))));
  const chunks = (list, size) => Array.from({ length: list.length / size }, (_, at) => list.slice(at * size, at * size + size));
  const section = (title, content) => [element('h3', {}, title), content];
  // A long text gets the room of two.
  const facts = (pairs) => element('dl', { class: 'facts' }, ...pairs.filter(([, value]) => value !== '')
    .map(([name, value]) => element('div', { class: value.length > 60 ? 'wide' : '' }, element('dt', {}, name), element('dd', {}, value))));
  const integrationState = (state) => element('span', { class: `state ${state}` }, labels.integration_state[state] ?? state);
  const describe = (row) => {
    const evidence = chunks(row[F.evidence], 4)
      .map(([question, answer, source, at]) => [labels.question[word(question)] ?? word(question), word(answer), word(source) || text.nobody, moment(at)]);
    const findings = chunks(row[F.findings], 3).map((line) => line.map(word));
    const integrations = chunks(row[F.integrations], 5).map((line) => line.map(word))
      .map(([id, state, rule, why, action]) => [labels.integration[id] ?? id, integrationState(state), why, action, rule]);
    const extras = row[F.extras].map((value, place) => [labels.roster[place] ?? '', word(value)]);
    const parts = [
      element('p', {}, chip(row[F.verdict])),
      element('p', { class: 'cause' }, get(row, 'cause')),
      facts([[column.next_action, get(row, 'action')], [column.what_stops, get(row, 'stops')],
        [column.urgency, labels.urgency[row[F.urgency]]], [column.alternative, get(row, 'alternative')],
        [column.reason, get(row, 'reason')], [column.display_name, row[F.name]], [column.object_id, row[F.id]],
        [column.licence, labels.licence[row[F.licence]]], [column.products, row[F.products].map(word).join(', ')],
        [column.ews_today, labels.ews_today[row[F.ews]]], [column.routing, labels.routing[row[F.routing]]],
        [column.graph, labels.graph[row[F.graph]]], [column.owner, get(row, 'owner')], [column.row, number(row[F.row])]]),
      ...section(text.evidence, table([text.asked, text.answer, column.source, column.checked_at], evidence)),
      ...section(text.findings, table([column.rule, column.cause, column.action], findings)),
    ];
    if (integrations.length) parts.push(...section(text.integrations,
      table([column.integration, column.state, column.cause, column.remedy, column.rule], integrations)));
    if (extras.length) parts.push(...section(text.roster, facts(extras)));
    return parts;
  };
  const open = (place) => {
    if (!(place >= 0 && place < view.length)) return;
    opened = place;
    const row = rows[view[place]];
    byId('panel-title').textContent = row[F.address];
    byId('panel-body').replaceChildren(...describe(row));
    byId('previous').disabled = place === 0;
    byId('next').disabled = place === view.length - 1;
    if (!panel.open) panel.showModal();
    panel.scrollTop = 0;
    byId('panel-title').focus();
  };
  byId('close').addEventListener('click', () => panel.close());
  byId('previous').addEventListener('click', () => open(opened - 1));
  byId('next').addEventListener('click', () => open(opened + 1));
  panel.addEventListener('close', () => reveal(opened));
  panel.addEventListener('click', (event) => { if (event.target === panel) panel.close(); });

  // --- what leads into the table
  let typing = 0;
  search.addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(choose, 120); });
  Object.values(selects).forEach((select) => select.addEventListener('change', choose));
  byId('filters').addEventListener('submit', (event) => { event.preventDefault(); choose(); });
  byId('filters').addEventListener('reset', () => setTimeout(choose));
  const only = (field, value) => {
    byId('filters').reset();
    selects[field].value = value;
    choose();
    byId('users').focus();
    byId('users').scrollIntoView();
  };
  document.querySelectorAll('[data-verdict]').forEach((tile) => tile.addEventListener('click', () => {
    only('verdict', String(labels.verdict.findIndex(([id]) => id === tile.dataset.verdict)));
  }));
  document.querySelectorAll('[data-reason]').forEach((link) => link.addEventListener('click', () => {
    only('reason', `=${link.dataset.reason}`);
  }));

  // --- paper
  addEventListener('beforeprint', () => {
    const shown = view.slice(0, PRINTED).map((place) => rows[place]);
    const titles = [column.row, column.address, column.display_name, column.verdict, column.cause, column.next_action];
    const short = (value) => (value.length > PAPER ? `${value.slice(0, PAPER)}…` : value);
    const lines = shown.map((row) => [number(row[F.row]), short(row[F.address]), short(row[F.name]), chip(row[F.verdict]),
      short(get(row, 'cause')), short(get(row, 'action'))]);
    const parts = [table(titles, lines)];
    if (view.length > PRINTED) parts.unshift(element('p', { class: 'note' },
      fill(text.print_cut, { shown: number(PRINTED), total: number(view.length) })));
    byId('print').replaceChildren(...parts);
  });
  addEventListener('afterprint', () => byId('print').replaceChildren());

  headers();
  choose();
  root.dataset.ready = String(Math.round(performance.now()));
})();
