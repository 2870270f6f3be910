// Tables: column by column, filtered, sorted, saved.

class Table {
  constructor(name, stored) {
    Object.assign(this, { name, file: stored.file, question: stored.question, n: stored.rows });
    this.columns = new Map();
    for (const column of stored.columns) {
      const kept = column.numbers ?? column.words;
      const all = Array.from({ length: this.n }, (_, row) => kept[kept.length === 1 ? 0 : column.at ? column.at[row] : row]);
      this.columns.set(column.name, {
        name: column.name,
        meaning: column.meaning,
        values: all,
        isNumber: !!column.numbers,
        varies: kept.length > 1,
      });
    }
    this.kept = Array.from({ length: this.n }, (_, row) => row);
    this.words = "";
    this.watchers = [];
    this.chosen = null; // The row that a click on a dot has chosen.
  }

  value(column, row) {
    return this.columns.get(column).values[row];
  }

  // The column called so, or the only one whose last part is.
  named(name) {
    if (this.columns.has(name)) return this.columns.get(name);
    const alike = [...this.columns.values()].filter((column) => column.name.endsWith("." + name));
    return alike.length === 1 ? alike[0] : undefined;
  }

  // Keeps the rows that have all the words, and for which all comparisons such as `loss.test<0.1` hold.
  filter(words) {
    this.words = words;
    const terms = words
      .trim()
      .replace(/\s*(<=|>=|!=|=|<|>)\s*/g, "$1")
      .split(/\s+/)
      .filter(Boolean);
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
      return (row) =>
        [...this.columns.values()].some(({ values }) => isThere(values[row]) && String(values[row]).toLowerCase().includes(text));
    }
    const wanted = column.isNumber ? Number(right.replace("−", "-")) : right.toLowerCase();
    return (row) => {
      const value = column.values[row];
      if (!isThere(value)) return sign === "!=";
      const order = compare(column.isNumber ? value : String(value).toLowerCase(), wanted);
      return {
        "<": order < 0,
        "<=": order <= 0,
        ">": order > 0,
        ">=": order >= 0,
        "=": order === 0,
        "!=": order !== 0,
      }[sign];
    };
  }

  choose(row) {
    this.chosen = row;
    this.tell();
  }
  tell() {
    for (const watcher of this.watchers) watcher();
  }

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
      type: "search",
      value: table.words,
      oninput: () => {
        this.page = 0;
        table.filter(this.search.value);
      },
      placeholder: example ? `words, or ${example}<1` : "words",
    });
    this.count = element("span", { className: "count", role: "status" });
    this.columns = element("details", { className: "columns" }, element("summary", {}, "Columns"), this.choices());
    this.body = element("table");
    const to = (label, by, name) =>
      element(
        "button",
        {
          type: "button",
          "aria-label": name,
          onclick: () => {
            this.page += by;
            this.draw();
          },
        },
        label,
      );
    this.before = to("‹", -1, "previous rows");
    this.after = to("›", 1, "next rows");
    place.classList.add("listing");
    place.append(
      element(
        "div",
        { className: "controls" },
        ...(few ? [] : [element("label", {}, "Filter ", this.search)]),
        this.count,
        this.before,
        this.after,
        element("button", { type: "button", onclick: () => table.save() }, "Save as CSV"),
        element("a", { href: "./" + table.file.split("/").map(encodeURIComponent).join("/") }, table.file),
      ),
      ...(table.columns.size > 8 ? [this.columns] : []),
      element("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: table.question || table.name }, this.body),
    );
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
    const all = (checked) => () => {
      boxes.forEach((box) => (box.checked = checked || this.shown.size === 0));
      change();
    };
    const label = (box) => element("label", { title: this.table.columns.get(box.value).meaning }, box, " " + box.value);
    return element(
      "div",
      { className: "choices" },
      element("button", { type: "button", onclick: all(true) }, "All"),
      element(
        "button",
        {
          type: "button",
          onclick: () => {
            all(false)();
          },
        },
        "None",
      ),
      ...boxes.map(label),
    );
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
    const columns = [...this.shown].map((name) => table.columns.get(name));
    const focused = this.body.contains(document.activeElement) ? document.activeElement.textContent : null;
    const arrow = (name) => (this.by === name ? (this.falls ? " ▾" : " ▴") : "");
    const head = (column) =>
      element(
        "th",
        {
          scope: "col",
          className: column.isNumber ? "number" : "",
          title: column.meaning,
          "aria-sort": this.by !== column.name ? "none" : this.falls ? "descending" : "ascending",
        },
        element(
          "button",
          { type: "button", onclick: () => this.sort(column.name) },
          column.name,
          element("span", {}, arrow(column.name)),
        ),
      );
    const cell = (column, row) => {
      const value = column.values[row];
      return element(
        "td",
        { className: column.isNumber ? "number" : "", title: isThere(value) ? String(value) : "" },
        short(value),
      );
    };
    const links = (row) =>
      element(
        "td",
        { className: "links" },
        ...this.links.flatMap((link) => {
          const part = table.value(link.column, row);
          const address = `./${link.before}${encodeURIComponent(part)}${link.after}`;
          return isThere(part) ? [element("a", { href: address }, link.label), " "] : [];
        }),
      );
    const line = (row) =>
      element(
        "tr",
        { className: row === table.chosen ? "chosen" : "" },
        ...columns.map((column) => cell(column, row)),
        ...(this.links.length ? [links(row)] : []),
      );
    this.body.replaceChildren(
      element(
        "thead",
        {},
        element("tr", {}, ...columns.map(head), ...(this.links.length ? [element("th", { scope: "col" }, "files")] : [])),
      ),
      element("tbody", {}, ...page.map(line)),
    );
    if (focused)
      [...this.body.querySelectorAll("th button")].find((b) => b.textContent.startsWith(focused.replace(/ [▾▴]$/, "")))?.focus();
    if (isNew) {
      this.seen = table.chosen;
      this.body.querySelector(".chosen")?.scrollIntoView({ block: "center" });
    }
  }
}
