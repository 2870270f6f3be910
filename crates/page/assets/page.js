// What a page does: tables that sort and filter, charts whose axes can be chosen, words to choose sections by.
// Text from tables goes into the page as text only, and into plotly, which reads some marks, escaped.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);

// Wong 2011, without black and the yellow that is too light for lines; then a sequence for more than these.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "star"];
const VIRIDIS = [[68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129],
  [92, 200, 99], [170, 220, 50], [253, 231, 37]];
const FEW = 6; // Numbers up to so many are told apart by hues.
const MOST_PANELS = 12;
const MOST_LAWS = 16; // In the legend.
const ROWS = 50; // Of a table at a time.

// ---- small things

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const isNumber = (value) => typeof value === "number";
const isThere = (value) => value !== null && value !== undefined;

// Six digits, so that what differs by more than rounding looks different.
function short(value) {
  if (!isThere(value)) return "–";
  if (!isNumber(value)) return value;
  const text = Number.isInteger(value) && Math.abs(value) < 1e15 ? String(value) : String(Number(value.toPrecision(6)));
  return text.replace("-", "−");
}

// For plotly, which would read some marks of HTML.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

// Numbers by size, then words as they come; nothing is last.
function compare(a, b) {
  if (!isThere(a) || !isThere(b)) return Number(!isThere(a)) - Number(!isThere(b));
  if (isNumber(a) && isNumber(b)) return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

const distinct = (values) => [...new Set(values.filter(isThere))].sort(compare);

function viridis(share) {
  const place = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(place), VIRIDIS.length - 2);
  const mixed = VIRIDIS[low].map((c, i) => Math.round(c + (VIRIDIS[low + 1][i] - c) * (place - low)));
  return `rgb(${mixed.join(",")})`;
}

function faint(colour) {
  const parts = colour.startsWith("#")
    ? [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) : colour.match(/\d+/g);
  return `rgba(${[...parts].slice(0, 3).join(",")},0.2)`;
}

function save(name, rows) {
  const field = (value) => {
    const text = isThere(value) ? String(value) : "";
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  const text = rows.map((row) => row.map(field).join(",") + "\n").join("");
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// ---- tables

class Table {
  constructor(name, stored) {
    Object.assign(this, { name, file: stored.file, question: stored.question, n: stored.rows });
    this.columns = new Map();
    for (const column of stored.columns) {
      const kept = column.numbers ?? column.words;
      const all = Array.from({ length: this.n }, (_, row) =>
        kept[kept.length === 1 ? 0 : column.at ? column.at[row] : row]);
      this.columns.set(column.name, {
        name: column.name, meaning: column.meaning, values: all, isNumber: !!column.numbers, varies: kept.length > 1,
      });
    }
    this.kept = Array.from({ length: this.n }, (_, row) => row);
    this.words = "";
    this.watchers = [];
    this.chosen = null; // The row that a click on a dot has chosen.
  }

  value(column, row) { return this.columns.get(column).values[row]; }

  // The column called so, or the only one whose last part is.
  named(name) {
    if (this.columns.has(name)) return this.columns.get(name);
    const alike = [...this.columns.values()].filter((column) => column.name.endsWith("." + name));
    return alike.length === 1 ? alike[0] : undefined;
  }

  // Keeps the rows that have all the words, and for which all comparisons such as `loss.test<0.1` hold.
  filter(words) {
    this.words = words;
    const terms = words.trim().replace(/\s*(<=|>=|!=|=|<|>)\s*/g, "$1").split(/\s+/).filter(Boolean);
    const tests = terms.map((term) => this.test(term));
    this.kept = [];
    for (let row = 0; row < this.n; row++) if (tests.every((test) => test(row))) this.kept.push(row);
    this.tell();
  }

  test(term) {
    const [, name, sign, right] = term.match(/^(.+?)(<=|>=|!=|=|<|>)(.+)$/) ?? [];
    const column = name && this.named(name);
    if (!column) {
      const text = term.toLowerCase().replace("−", "-");
      return (row) => [...this.columns.values()].some(({ values }) =>
        isThere(values[row]) && String(values[row]).toLowerCase().includes(text));
    }
    const wanted = column.isNumber ? Number(right.replace("−", "-")) : right.toLowerCase();
    return (row) => {
      const value = column.values[row];
      if (!isThere(value)) return sign === "!=";
      const order = compare(column.isNumber ? value : String(value).toLowerCase(), wanted);
      return { "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0, "=": order === 0, "!=": order !== 0 }[sign];
    };
  }

  choose(row) { this.chosen = row; this.tell(); }
  tell() { for (const watcher of this.watchers) watcher(); }

  save() {
    const columns = [...this.columns.values()];
    const rows = this.kept.map((row) => columns.map((column) => column.values[row]));
    save(this.file.split("/").pop(), [columns.map((column) => column.name), ...rows]);
  }
}

const tables = new Map(Object.entries(data.tables).map(([name, stored]) => [name, new Table(name, stored)]));

class Listing {
  constructor(place, part) {
    this.table = tables.get(part.table);
    this.links = part.links;
    const first = part.columns.length ? part.columns : [...this.table.columns.keys()];
    this.shown = new Set(first);
    Object.assign(this, { by: null, falls: false, page: 0, seen: null });
    const { table } = this;
    const few = table.n <= 10;
    const example = [...table.columns.values()].find((column) => column.isNumber && column.varies)?.name;
    this.search = element("input", {
      type: "search", value: table.words, oninput: () => { this.page = 0; table.filter(this.search.value); },
      placeholder: example ? `words, or ${example}<1` : "words",
    });
    this.count = element("span", { className: "count", role: "status" });
    this.columns = element("details", { className: "columns" }, element("summary", {}, "Columns"), this.choices());
    this.body = element("table");
    const to = (label, by, name) => element("button", {
      type: "button", "aria-label": name, onclick: () => { this.page += by; this.draw(); } }, label);
    this.before = to("‹", -1, "previous rows");
    this.after = to("›", 1, "next rows");
    place.classList.add("listing");
    place.append(
      element("div", { className: "controls" },
        ...(few ? [] : [element("label", {}, "Filter ", this.search)]), this.count, this.before, this.after,
        element("button", { type: "button", onclick: () => table.save() }, "Save as CSV"),
        element("a", { href: "./" + table.file.split("/").map(encodeURIComponent).join("/") }, table.file)),
      ...(table.columns.size > 8 ? [this.columns] : []),
      element("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: table.question || table.name }, this.body));
    table.watchers.push(() => this.draw());
    this.draw();
  }

  choices() {
    const boxes = [];
    const change = () => {
      boxes.forEach((box) => (box.checked ? this.shown.add(box.value) : this.shown.delete(box.value)));
      this.draw();
    };
    for (const { name } of this.table.columns.values()) {
      boxes.push(element("input", { type: "checkbox", value: name, checked: this.shown.has(name), onchange: change }));
    }
    const all = (checked) => () => { boxes.forEach((box) => (box.checked = checked || this.shown.size === 0)); change(); };
    const label = (box) => element("label", { title: this.table.columns.get(box.value).meaning }, box, " " + box.value);
    return element("div", { className: "choices" },
      element("button", { type: "button", onclick: all(true) }, "All"),
      element("button", { type: "button", onclick: () => { all(false)(); } }, "None"), ...boxes.map(label));
  }

  // A click on a head sorts up, another down, a third not at all.
  sort(name) {
    if (this.by !== name) Object.assign(this, { by: name, falls: false });
    else if (!this.falls) this.falls = true;
    else this.by = null;
    this.page = 0;
    this.draw();
  }

  rows() {
    const rows = [...this.table.kept];
    if (this.by) {
      const { values } = this.table.columns.get(this.by);
      const sign = this.falls ? -1 : 1;
      // Nothing stays last either way.
      rows.sort((a, b) => (isThere(values[a]) && isThere(values[b]) ? sign : 1) * compare(values[a], values[b]) || a - b);
    }
    return rows;
  }

  draw() {
    const { table } = this;
    const rows = this.rows();
    const isNew = table.chosen !== null && table.chosen !== this.seen;
    if (isNew && rows.includes(table.chosen)) this.page = Math.floor(rows.indexOf(table.chosen) / ROWS);
    this.page = Math.min(Math.max(this.page, 0), Math.max(Math.ceil(rows.length / ROWS) - 1, 0));
    const from = this.page * ROWS;
    const page = rows.slice(from, from + ROWS);
    if (this.search.value !== table.words) this.search.value = table.words;
    const range = rows.length > ROWS ? `${from + 1}–${from + page.length} of ` : "";
    this.count.textContent = `${range}${rows.length}${rows.length < table.n ? ` (of all ${table.n})` : ""} rows`;
    const isPaged = rows.length > ROWS;
    [this.before.hidden, this.after.hidden] = [!isPaged, !isPaged];
    [this.before.disabled, this.after.disabled] = [from === 0, from + ROWS >= rows.length];
    const columns = [...table.columns.values()].filter((column) => this.shown.has(column.name));
    const focused = this.body.contains(document.activeElement) ? document.activeElement.textContent : null;
    const arrow = (name) => (this.by === name ? (this.falls ? " ▾" : " ▴") : "");
    const head = (column) => element("th", {
      scope: "col", className: column.isNumber ? "number" : "", title: column.meaning,
      "aria-sort": this.by !== column.name ? "none" : this.falls ? "descending" : "ascending",
    }, element("button", { type: "button", onclick: () => this.sort(column.name) }, column.name, element("span", {}, arrow(column.name))));
    const cell = (column, row) => {
      const value = column.values[row];
      return element("td", { className: column.isNumber ? "number" : "", title: isThere(value) ? String(value) : "" }, short(value));
    };
    const links = (row) => element("td", { className: "links" }, ...this.links.flatMap((link) => {
      const part = table.value(link.column, row);
      const address = `./${link.before}${encodeURIComponent(part)}${link.after}`;
      return isThere(part) ? [element("a", { href: address }, link.label), " "] : [];
    }));
    const line = (row) => element("tr", { className: row === table.chosen ? "chosen" : "" },
      ...columns.map((column) => cell(column, row)), ...(this.links.length ? [links(row)] : []));
    this.body.replaceChildren(
      element("thead", {}, element("tr", {}, ...columns.map(head),
        ...(this.links.length ? [element("th", { scope: "col" }, "files")] : []))),
      element("tbody", {}, ...page.map(line)));
    if (focused) [...this.body.querySelectorAll("th button")].find((b) => b.textContent.startsWith(focused.replace(/ [▾▴]$/, "")))?.focus();
    if (isNew) {
      this.seen = table.chosen;
      this.body.querySelector(".chosen")?.scrollIntoView({ block: "center" });
    }
  }
}

// ---- charts

const charts = [];

class Chart {
  constructor(place, part) {
    Object.assign(this, { part, table: tables.get(part.table), isDrawn: false });
    const columns = [...this.table.columns.values()].filter((column) => column.varies);
    const swept = columns.filter((column) => part.swept.includes(column.name));
    const numbers = columns.filter((column) => column.isNumber && !swept.includes(column));
    const words = columns.filter((column) => !column.isNumber && !swept.includes(column) && column.name !== part.id);
    const few = words.filter((column) => distinct(column.values).length <= 24);
    this.controls = element("div", { className: "controls" });
    this.x = part.lines ? null : this.select("x", part.x.column, { swept, measured: numbers });
    this.y = part.lines ? null : this.select("y", part.y.column, { measured: numbers, swept: swept.filter((c) => c.isNumber) });
    this.logX = this.check(part.lines ? `log ${part.x.column}` : "log x", part.x.log);
    this.logY = this.check(part.lines ? `log ${part.y.column}` : "log y", part.y.log);
    this.colour = this.select("colour", part.colour ?? "", { swept, measured: numbers, other: few }, "one");
    const apart = columns.filter((column) => (swept.includes(column) || few.includes(column)) && distinct(column.values).length <= 60);
    this.panel = this.select("panels", part.panel ?? "", { swept: apart }, "one");
    this.mean = part.repeats.some((name) => this.table.columns.get(name).varies) && !part.lines
      ? this.check("mean ± sd over seeds", false) : null;
    this.plot = element("div", { className: "plot" });
    this.remark = element("p", { className: "remark", role: "status" });
    place.classList.add("chart");
    place.append(this.controls, this.plot, this.remark);
    this.byLine = new Map(part.lines?.lines.map((line) => [line[0], line]) ?? []);
    this.table.watchers.push(() => { if (this.isDrawn && this.kept !== this.table.kept) this.draw(); });
    charts.push(this);
  }

  select(label, value, groups, none) {
    const options = (columns) => columns.map((column) =>
      element("option", { value: column.name, title: column.meaning, selected: column.name === value }, column.name));
    const made = element("select", { onchange: () => this.draw(), name: label },
      ...(none ? [element("option", { value: "" }, none)] : []),
      ...Object.entries(groups).filter(([, columns]) => columns.length).map(([name, columns]) =>
        element("optgroup", { label: name }, ...options(columns))));
    if (![...made.options].some((option) => option.value === value) && this.table.columns.has(value)) {
      made.prepend(...options([this.table.columns.get(value)]));
    }
    made.value = value;
    this.controls.append(element("label", {}, label + " ", made));
    return made;
  }

  check(label, checked) {
    const made = element("input", { type: "checkbox", checked, name: label, onchange: () => this.draw() });
    this.controls.append(element("label", {}, made, " " + label));
    return made;
  }

  // The rows as marks: where they are, and what is said of them.
  marks() {
    const { table, part } = this;
    const of = (row) => [part.id, ...part.swept].filter((name) => table.columns.get(name).varies || name === part.id)
      .map((name) => `${name}: ${short(table.value(name, row))}`);
    const isOn = (value, isLog) => isThere(value) && (!isLog || !isNumber(value) || value > 0);
    const marks = [];
    for (const row of table.kept) {
      let xs, ys;
      if (part.lines) {
        const line = this.byLine.get(table.value(part.id, row));
        if (!line) continue;
        [xs, ys] = [part.lines.x[line[1]], line[2]];
      } else [xs, ys] = [[table.value(this.x.value, row)], [table.value(this.y.value, row)]];
      const kept = xs.map((_, i) => i).filter((i) => isOn(xs[i], this.logX.checked) && isOn(ys[i], this.logY.checked));
      if (!kept.length) continue;
      const [x, y] = [kept.map((i) => xs[i]), kept.map((i) => ys[i])];
      const said = of(row);
      if (!part.lines) for (const [name, at] of [[this.x.value, x], [this.y.value, y]]) {
        if (!part.swept.includes(name)) said.push(`${name}: ${short(at[0])}`);
      }
      const shown = this.colour.value;
      if (shown && !part.swept.includes(shown) && !said.some((line) => line.startsWith(shown + ": "))) {
        said.push(`${shown}: ${short(table.value(shown, row))}`);
      }
      marks.push({ row, x, y, text: said.map(plain).join("<br>") });
    }
    return marks;
  }

  // How rows are coloured: groups of a colour each, or a scale.
  colouring(marks) {
    const name = this.colour.value;
    if (!name) return { groups: [{ key: null, label: "", colour: COLOURS[0], symbol: SYMBOLS[0] }], key: () => null };
    const column = this.table.columns.get(name);
    const values = distinct(marks.map((mark) => column.values[mark.row]));
    const isScale = column.isNumber && values.length > FEW;
    const isLog = isScale && values[0] > 0 && values.at(-1) / values[0] > 50;
    const place = (value) => (isLog ? Math.log10(value) : value);
    const [low, high] = [place(values[0]), place(values.at(-1))];
    const scaled = (value) => viridis((place(value) - low) / (high - low));
    const group = (value, i) => ({
      key: String(value), label: short(value), value,
      colour: isScale ? scaled(value) : COLOURS[i % COLOURS.length],
      symbol: isScale ? SYMBOLS[0] : SYMBOLS[Math.floor(i / COLOURS.length) % SYMBOLS.length],
    });
    const groups = values.map(group);
    if (marks.some((mark) => !isThere(column.values[mark.row]))) {
      groups.push({ key: "–", label: "nothing", colour: "#888888", symbol: "x" });
    }
    const scale = isScale ? { low, high, isLog, name } : null;
    return { groups, key: (row) => String(column.values[row] ?? "–"), scale };
  }

  draw() {
    this.isDrawn = true;
    const { part, table } = this;
    this.kept = table.kept;
    const marks = this.marks();
    const colouring = this.colouring(marks);
    const byPanel = this.panel.value ? table.columns.get(this.panel.value).values : null;
    const all = byPanel ? distinct(marks.map((mark) => byPanel[mark.row])) : [null];
    const panels = all.slice(0, MOST_PANELS);
    const traces = [];
    const named = new Set();
    panels.forEach((panel, at) => {
      const axes = { xaxis: at ? `x${at + 1}` : "x", yaxis: at ? `y${at + 1}` : "y" };
      const here = byPanel ? marks.filter((mark) => byPanel[mark.row] === panel) : marks;
      const groups = new Map(colouring.groups.map((group) => [group.key, []]));
      for (const mark of here) groups.get(colouring.key(mark.row))?.push(mark);
      for (const group of colouring.groups) {
        const inGroup = groups.get(group.key);
        if (!inGroup.length) continue;
        const isFirst = !named.has(group.key);
        named.add(group.key);
        const common = {
          ...axes, type: "scatter", legendgroup: `g${group.key}`, name: plain(group.label),
          showlegend: isFirst && !colouring.scale && colouring.groups.length > 1,
        };
        traces.push(...(this.mean?.checked ? this.means(inGroup, group, common) : [this.trace(inGroup, group, common)]));
      }
      traces.push(...this.laws(panel, axes, colouring, named));
    });
    if (colouring.scale) traces.push(scaleBar(colouring.scale));
    Plotly.react(this.plot, traces, this.layout(panels, colouring), {
      responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"],
      toImageButtonOptions: { format: "svg", filename: `${data.title}-chart` },
    });
    if (!this.listens) {
      this.listens = true;
      this.plot.on("plotly_click", ({ points }) => {
        const row = points[0].data.rows?.[points[0].pointNumber];
        if (isThere(row)) table.choose(row);
      });
    }
    this.say(marks, all.length - panels.length);
  }

  // Dots, or lines with gaps between rows.
  trace(marks, group, common) {
    if (!this.part.lines) {
      return {
        ...common, mode: "markers", x: marks.map((m) => m.x[0]), y: marks.map((m) => m.y[0]),
        rows: marks.map((m) => m.row), hovertext: marks.map((m) => m.text), hoverinfo: "text",
        marker: { color: group.colour, symbol: group.symbol, size: marks.length > 300 ? 6 : 8, opacity: 0.85 },
      };
    }
    const joined = { x: [], y: [], rows: [], hovertext: [] };
    for (const mark of marks) {
      joined.x.push(...mark.x, null);
      joined.y.push(...mark.y, null);
      for (let i = 0; i <= mark.x.length; i++) { joined.rows.push(mark.row); joined.hovertext.push(mark.text); }
    }
    const [x, y] = [this.part.x.column, this.part.y.column].map(plain);
    return {
      ...common, ...joined, mode: "lines", connectgaps: false, line: { color: group.colour, width: marks.length > 50 ? 1 : 1.6 },
      hovertemplate: `%{hovertext}<br>${x}: %{x}<br>${y}: %{y:.4g}<extra></extra>`,
    };
  }

  // Means over what is repeated, a line for each setting, and a band of one standard deviation about it.
  means(marks, group, common) {
    const { table, part } = this;
    const apart = part.swept.filter((name) => !part.repeats.includes(name) && name !== this.x.value);
    const lines = new Map();
    for (const mark of marks) {
      const key = JSON.stringify(apart.map((name) => table.value(name, mark.row)));
      if (!lines.has(key)) lines.set(key, new Map());
      const at = lines.get(key);
      if (!at.has(mark.x[0])) at.set(mark.x[0], []);
      at.get(mark.x[0]).push(mark);
    }
    const [line, band] = [{ x: [], y: [], rows: [], hovertext: [] }, { x: [], y: [] }];
    for (const at of lines.values()) {
      const upper = [], lower = [];
      for (const x of [...at.keys()].sort(compare)) {
        const here = at.get(x), ys = here.map((mark) => mark.y[0]);
        const mean = ys.reduce((sum, y) => sum + y, 0) / ys.length;
        const sd = ys.length < 2 ? 0 : Math.sqrt(ys.reduce((sum, y) => sum + (y - mean) ** 2, 0) / (ys.length - 1));
        const low = this.logY.checked && mean - sd <= 0 ? Math.min(...ys) : mean - sd;
        upper.push([x, mean + sd]);
        lower.unshift([x, low]);
        line.x.push(x);
        line.y.push(mean);
        line.rows.push(here[0].row);
        const said = [...apart, this.x.value].filter((name) => table.columns.get(name).varies).map((name) => `${name}: ${short(table.value(name, here[0].row))}`);
        line.hovertext.push([...said, `${this.y.value}: ${short(mean)} ± ${short(sd)} (sd of ${ys.length})`].map(plain).join("<br>"));
      }
      for (const [to, part] of [[line.x], [line.y], [line.rows], [line.hovertext]]) to.push(null);
      for (const [x, y] of [...upper, ...lower, upper[0]]) { band.x.push(x); band.y.push(y); }
      band.x.push(null);
      band.y.push(null);
    }
    return [
      { ...common, ...band, mode: "lines", line: { width: 0 }, fill: "toself", fillcolor: faint(group.colour), hoverinfo: "skip", showlegend: false },
      { ...common, ...line, mode: "lines+markers", hoverinfo: "text", line: { color: group.colour }, marker: { color: group.colour, symbol: group.symbol, size: 7 } },
    ];
  }

  // The fitted laws of what is shown, each over the window of its fit.
  laws(panel, axes, colouring, named) {
    if (this.part.lines) return [];
    const fitting = this.part.laws.filter((law) => law.x === this.x.value && law.y === this.y.value);
    const isHere = (law) => panel === null || !(this.panel.value in law.of) || law.of[this.panel.value] === panel;
    return fitting.filter(isHere).map((law) => {
      const key = this.colour.value in law.of ? String(law.of[this.colour.value] ?? "–") : null;
      const group = colouring.groups.find((known) => known.key === key && key !== null);
      const n = 40;
      const x = Array.from({ length: n + 1 }, (_, i) => law.from * (law.to / law.from) ** (i / n));
      const id = `law ${law.label}`;
      const isNew = !named.has(id);
      named.add(id);
      const of = Object.entries(law.of).map(([name, value]) => plain(`${name}: ${short(value)}`));
      return {
        ...axes, type: "scatter", mode: "lines", x, y: x.map((at) => law.coefficient * at ** -law.exponent),
        name: plain(law.label), legendgroup: group ? `g${group.key}` : id, showlegend: isNew && fitting.length <= MOST_LAWS,
        line: { color: group?.colour ?? "#888888", width: 1.5 }, hoverinfo: "text",
        text: [...of, plain(law.label)].join("<br>"),
      };
    }).filter((law) => this.kept.length === this.table.n || named.has(law.legendgroup.slice(1)) || !law.legendgroup.startsWith("g"));
  }

  layout(panels, colouring) {
    const { part } = this;
    const style = getComputedStyle(document.documentElement);
    const [ink, grid] = ["--ink", "--line"].map((name) => style.getPropertyValue(name).trim());
    const wide = this.plot.clientWidth || 900;
    const across = Math.min(panels.length, Math.max(1, Math.floor(wide / 280)), 4);
    const down = Math.ceil(panels.length / across);
    const isNarrow = wide < 560;
    const titles = [this.x?.value ?? part.x.column, this.y?.value ?? part.y.column].map(plain);
    const axis = (isLog) => ({
      type: isLog ? "log" : undefined, gridcolor: grid, linecolor: ink, zeroline: false, automargin: true, exponentformat: "power",
      ticks: "outside", tickcolor: grid, minor: isLog ? { ticks: "outside", ticklen: 3, tickcolor: grid } : undefined,
    });
    const isWords = (select) => select && !this.table.columns.get(select.value).isNumber;
    const hasLegend = colouring.groups.length > 1 || part.laws.length;
    const layout = {
      font: { color: ink, family: "system-ui, sans-serif", size: 13 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      height: Math.max(down * (panels.length > 1 ? 260 : 460), 320) + (isNarrow && hasLegend ? 120 : 0),
      margin: { l: 60, r: 15, t: 30, b: 50 }, hovermode: "closest", hoverlabel: { align: "left" }, uirevision: titles.join() + this.panel.value,
      legend: isNarrow ? { orientation: "h", y: -0.2 } : { title: { text: plain(this.colour.value) } }, annotations: [],
      showlegend: !colouring.scale || part.laws.length > 0,
    };
    if (colouring.scale && !isNarrow) layout.legend.x = 1.16;
    const gap = { x: 0.05, y: down > 1 ? 0.32 / down : 0 };
    panels.forEach((panel, at) => {
      const [column, row] = [at % across, Math.floor(at / across)];
      const width = (1 - gap.x * (across - 1)) / across, height = (1 - gap.y * (down - 1)) / down;
      const [left, top] = [column * (width + gap.x), 1 - row * (height + gap.y)];
      const n = at ? at + 1 : "";
      const isLast = at + across >= panels.length;
      layout[`xaxis${n}`] = { ...axis(this.logX.checked && !isWords(this.x)), anchor: `y${n}`, domain: [left, left + width], matches: at ? "x" : undefined, title: isLast ? { text: titles[0] } : undefined };
      layout[`yaxis${n}`] = { ...axis(this.logY.checked && !isWords(this.y)), anchor: `x${n}`, domain: [Math.max(top - height, 0), top], matches: at ? "y" : undefined, title: column ? undefined : { text: titles[1] }, showticklabels: column === 0 };
      if (panel !== null) layout.annotations.push({
        text: plain(`${this.panel.value}: ${short(panel)}`), showarrow: false, xref: "paper", yref: "paper", x: left + width / 2, y: top, yanchor: "bottom", font: { size: 12 } });
    });
    return layout;
  }

  // What the axes mean, and what is not shown.
  say(marks, morePanels) {
    const { part, table } = this;
    const meaning = (select, at) => [select?.value ?? part[at].column,
      select ? table.columns.get(select.value).meaning : part.lines.meanings[at === "x" ? 0 : 1]];
    const said = [["x", this.x], ["y", this.y]].map(([at, select]) => meaning(select, at)).filter(([, text]) => text)
      .map(([name, text]) => `${name}: ${text}.`);
    if (table.kept.length < table.n) said.push(`The filter of the table keeps ${table.kept.length} of ${table.n} rows.`);
    const lost = table.kept.length - marks.length;
    if (lost) said.push(`${lost} of ${table.kept.length} rows have no place here: no value, or none that a logarithmic axis has.`);
    if (morePanels > 0) said.push(`${morePanels} more panels are not shown.`);
    if (part.lines && part.lines.kept < part.lines.of) said.push(`Of each line ${part.lines.kept} of ${part.lines.of} points are here.`);
    this.remark.textContent = said.join(" ");
  }
}

// A mark without a place, for the colour bar.
function scaleBar({ low, high, isLog, name }) {
  const ticks = Array.from({ length: 5 }, (_, i) => low + ((high - low) * i) / 4);
  const tick = (at) => short(Number((isLog ? 10 ** at : at).toPrecision(3)));
  return {
    type: "scatter", mode: "markers", x: [null], y: [null], showlegend: false, hoverinfo: "skip",
    marker: {
      color: [low], cmin: low, cmax: high, showscale: true,
      colorscale: VIRIDIS.map((_, i) => [i / (VIRIDIS.length - 1), viridis(i / (VIRIDIS.length - 1))]),
      colorbar: { title: { text: plain(name), side: "right" }, thickness: 14, outlinewidth: 0, tickvals: ticks, ticktext: ticks.map(tick) },
    },
  };
}

// ---- words to choose sections by

function tally(place, part) {
  let chosen = null;
  const buttons = part.counts.map(([word, n]) => element("button", {
    type: "button", ariaPressed: "false", "data-word": word, onclick: () => choose(chosen === word ? null : word),
  }, element("strong", {}, String(n)), ` ${word}`));
  const choose = (word) => {
    chosen = word;
    buttons.forEach((button) => (button.ariaPressed = String(button.dataset.word === word)));
    for (const section of document.querySelectorAll("main > section")) {
      const parts = [...section.querySelectorAll(".part")].map((at) => data.parts[at.dataset.part]);
      const shown = parts.filter(({ kind, table }) => kind === "listing" && tables.get(table).columns.has(part.column))
        .map(({ table }) => tables.get(table));
      shown.forEach((table) => {
        const { values } = table.columns.get(part.column);
        table.kept = values.map((_, row) => row).filter((row) => word === null || values[row] === word);
        table.tell();
      });
      section.hidden = shown.length > 0 && shown.every((table) => table.kept.length === 0);
    }
  };
  place.classList.add("tally");
  place.append(...buttons);
}

// ---- the page

for (const place of document.querySelectorAll("[data-part]")) {
  const part = data.parts[place.dataset.part];
  if (part.kind === "chart") new Chart(place, part);
  else if (part.kind === "listing") new Listing(place, part);
  else tally(place, part);
}

// A chart is drawn when it comes into view, and all before the page is printed.
const draw = (chart) => { if (!chart.isDrawn) chart.draw(); };
const watcher = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) if (isIntersecting) draw(charts.find((chart) => chart.plot === target));
}, { rootMargin: "200px" });
charts.forEach((chart) => watcher.observe(chart.plot));
addEventListener("beforeprint", () => charts.forEach(draw));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
  charts.filter((chart) => chart.isDrawn).forEach((chart) => chart.draw()));
